import { PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { TaskRow } from '../mappers/task.ts';
import type { TaskVersionRow } from '../mappers/task-version.ts';
import { callOne } from './call-one.ts';
import { findTask, type FoundTask, TASK_COLUMNS, TASK_SOURCE, type TaskReference } from './tasks.ts';

const FIND_VERSION: Statement = {
  name: 'api_find_version',
  text: `select to_jsonb(v) - 'plan' as version from durabase.task_versions v where v.task_id = $1 and v.number = $2`,
};
const RESTORE_VERSION: Statement = {
  name: 'api_restore_version',
  text: 'select v.id, v.task_id from durabase.restore_version($1, $2, $3) v',
};
const DELETE_TASK: Statement = { name: 'api_delete_task', text: 'select t.id from durabase.delete_task($1, $2) t' };
const RESTORE_TASK: Statement = { name: 'api_restore_task', text: 'select t.id from durabase.restore_task($1, $2) t' };
/** Deleted or not. */
const READ_TASK: Statement = {
  name: 'api_read_task',
  text: `select ${TASK_COLUMNS} from ${TASK_SOURCE} where t.id = $1`,
};

/** Throws VERSION_NOT_FOUND. */
export async function findVersion(
  tx: Queryable,
  { taskId, slug, number }: { readonly taskId: string; readonly slug: string; readonly number: number },
): Promise<TaskVersionRow> {
  const [found] = await tx.query<{ version: TaskVersionRow }>(FIND_VERSION, [taskId, number]);
  if (found !== undefined) return found.version;
  throw new PlatformError('VERSION_NOT_FOUND', {
    message: `the task ${JSON.stringify(slug)} has no version ${number}`,
    hint: 'its versions are listed at /tasks/{task}/versions',
    path: 'version',
  });
}

/** Which version a save has made. */
export interface SavedVersion {
  readonly taskId: string;
  readonly number: number;
}

/** A save, told apart from those that came after it. */
export const toSavedVersion = ({ task, version }: FoundTask): SavedVersion => ({ taskId: task.id, number: version?.number ?? 0 });

/** A task with the version that was saved before. Throws TASK_NOT_FOUND. */
export async function recallSaved(tx: Queryable, { taskId, number }: SavedVersion): Promise<FoundTask> {
  const found = await findTask(tx, { task: taskId });
  return { ...found, version: await findVersion(tx, { taskId, slug: found.task.slug, number }) };
}

/** Saves an older version anew, as a draft, with the rights of the caller. */
export async function restoreVersion(
  tx: Queryable,
  { taskId, number, workspace }: { readonly taskId: string; readonly number: number; readonly workspace: string },
): Promise<{ readonly versionId: string }> {
  return { versionId: (await callOne<{ id: string }>(tx, RESTORE_VERSION, [taskId, number, workspace])).id };
}

const changeTask = async (statement: Statement, tx: Queryable, { task, workspace }: TaskReference): Promise<TaskRow> => {
  const { id } = await callOne<{ id: string }>(tx, statement, [task, workspace ?? null]);
  return callOne<TaskRow>(tx, READ_TASK, [id]);
};

/** With the rights of the caller. */
export const deleteTask = (tx: Queryable, reference: TaskReference): Promise<TaskRow> => changeTask(DELETE_TASK, tx, reference);

/** With the rights of the caller. */
export const restoreTask = (tx: Queryable, reference: TaskReference): Promise<TaskRow> => changeTask(RESTORE_TASK, tx, reference);
