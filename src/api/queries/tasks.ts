import { type JsonObject, type Plan, PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { TaskRow } from '../mappers/task.ts';
import type { TaskVersionRow } from '../mappers/task-version.ts';
import { callOne } from './call-one.ts';

/** Which task a caller means: a slug or an id, and the workspace where he names it. */
export interface TaskReference {
  readonly task: string;
  readonly workspace?: string | undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A task with its two versions. */
export const TASK_COLUMNS = `to_jsonb(t) as task,
    case when l.id is not null then jsonb_build_object('id', l.id, 'number', l.number, 'state', l.state) end as latest,
    case when r.id is not null then jsonb_build_object('id', r.id, 'number', r.number) end as ready`;
/** Where {@link TASK_COLUMNS} come from. */
export const TASK_SOURCE = `durabase.tasks t
    left join durabase.task_versions l on l.id = t.latest_version_id
    left join durabase.task_versions r on r.id = t.ready_version_id`;
/** Row-level security says which tasks the caller sees; two rows are enough to know that a slug is ambiguous. */
const IS_MEANT = `(t.id = $1::uuid or t.slug = $2) and t.deleted_at is null and ($3::uuid is null or t.workspace_id = $3)`;
const meant = ({ task, workspace }: TaskReference) =>
  UUID.test(task) ? [task, null, workspace ?? null] : [null, task, workspace ?? null];

const FIND_TASKS: Statement = {
  name: 'api_find_tasks',
  text: `select ${TASK_COLUMNS}, case when l.id is not null then to_jsonb(l) - 'plan' end as version from ${TASK_SOURCE} where ${IS_MEANT} limit 2`,
};
/** Published tasks are looked at where the caller sees none as a member. */
const FIND_INPUT_SCHEMAS: Statement = {
  name: 'api_find_input_schemas',
  text: `with own as (select r.plan -> 'inputSchema' as schema from ${TASK_SOURCE} where ${IS_MEANT} limit 2)
    select schema from own union all
    select p.input_schema from durabase.published_tasks($3, coalesce($1::text, $2), page_limit => 2) p where not exists (select from own)`,
};
const LIST_TASKS: Statement = {
  name: 'api_list_tasks',
  text: `select ${TASK_COLUMNS} from ${TASK_SOURCE}
    where (t.deleted_at is not null) = $7 and ($1::uuid is null or t.workspace_id = $1) and ($2::text is null or $2 = any (t.tags))
      and ($3::text is null or t.type = $3) and ($4::timestamptz is null or (t.created_at, t.id) < ($4, $5::uuid))
    order by t.created_at desc, t.id desc limit $6`,
};
/** Rows are read as the caller, whatever the search says. */
const SEARCH_TASKS: Statement = {
  name: 'api_search_tasks',
  text: `select ${TASK_COLUMNS} from durabase_private.search_tasks($8, $1, $2, $3, $7, $4, $5, $6) f
    join (${TASK_SOURCE}) on t.id = f.id order by t.created_at desc, t.id desc`,
};
const LIST_VERSIONS: Statement = {
  name: 'api_list_versions',
  text: `select to_jsonb(v) - 'plan' as version from durabase.task_versions v
    where v.task_id = $1 and ($2::int is null or v.number < $2) order by v.number desc limit $3`,
};
const SAVE_TASK: Statement = { name: 'api_save_task', text: 'select v.id, v.task_id from durabase.save_task($1::jsonb, $2) v' };
const PUBLISH: Statement = {
  name: 'api_publish_version',
  text: 'select from durabase_private.publish_version($1, $2::jsonb, null)',
};

const FIND_VERSION_BEFORE: Statement = {
  name: 'api_find_version_before',
  text: `select b.id from durabase.task_versions v
    join durabase.task_versions b on b.task_id = v.task_id and b.number = v.number - 1 where v.id = $1`,
};

/** A task with the version that is looked at. */
export type FoundTask = TaskRow & { readonly version: TaskVersionRow | null };

/** Throws TASK_NOT_FOUND or WORKSPACE_AMBIGUOUS. */
export async function findTask(tx: Queryable, reference: TaskReference): Promise<FoundTask> {
  const [found, another] = await tx.query<FoundTask>(FIND_TASKS, meant(reference));
  if (found === undefined) {
    throw new PlatformError('TASK_NOT_FOUND', {
      message: `no task ${JSON.stringify(reference.task)} is visible to you`,
      hint: 'give the slug or the id of a task of yours, and the workspace if it is not your own',
      path: 'task',
    });
  }
  if (another !== undefined) {
    throw new PlatformError('WORKSPACE_AMBIGUOUS', {
      message: `more than one workspace has a task ${JSON.stringify(reference.task)}`,
      hint: 'name the workspace',
      path: 'workspace',
    });
  }
  return found;
}

/** Input schemas of the ready versions that a reference may mean: one, unless there is no such task or more than one. */
export const findInputSchemas = (
  tx: Queryable,
  reference: TaskReference,
): Promise<readonly { readonly schema: JsonObject | null }[]> =>
  tx.query<{ schema: JsonObject | null }>(FIND_INPUT_SCHEMAS, meant(reference));

export interface ListTasks {
  readonly workspace?: string | undefined;
  readonly tag?: string | undefined;
  readonly type?: string | undefined;
  /** Beginning of the slug, or words. */
  readonly search?: string | undefined;
  readonly isDeleted: boolean;
  readonly before: { readonly createdAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Newest first. */
export const listTasks = (
  tx: Queryable,
  { workspace, tag, type, search, isDeleted, before, limit }: ListTasks,
): Promise<TaskRow[]> => {
  const values = [workspace ?? null, tag ?? null, type ?? null, before?.createdAt ?? null, before?.id ?? null, limit, isDeleted];
  return search === undefined ? tx.query<TaskRow>(LIST_TASKS, values) : tx.query<TaskRow>(SEARCH_TASKS, [...values, search]);
};

/** Newest first. */
export const listVersions = async (
  tx: Queryable,
  { taskId, beforeNumber, limit }: { readonly taskId: string; readonly beforeNumber: number | undefined; readonly limit: number },
): Promise<readonly TaskVersionRow[]> => {
  const rows = await tx.query<{ version: TaskVersionRow }>(LIST_VERSIONS, [taskId, beforeNumber ?? null, limit]);
  return rows.map((row) => row.version);
};

/** Saves a draft with the rights of the caller. */
export async function saveTask(
  tx: Queryable,
  { definition, workspace }: { readonly definition: JsonObject; readonly workspace: string | undefined },
): Promise<{ readonly versionId: string; readonly taskId: string }> {
  const values = [JSON.stringify(definition), workspace ?? null];
  const saved = await callOne<{ id: string; task_id: string }>(tx, SAVE_TASK, values);
  return { versionId: saved.id, taskId: saved.task_id };
}

/** The version that this one has replaced; undefined: it is the first. */
export const findVersionBefore = async (tx: Queryable, versionId: string): Promise<string | undefined> =>
  (await tx.query<{ id: string }>(FIND_VERSION_BEFORE, [versionId]))[0]?.id;

/** Never as a user: plans are ours. */
export const publishVersion = async (
  tx: Queryable,
  { versionId, plan }: { readonly versionId: string; readonly plan: Plan },
): Promise<void> => {
  await tx.query(PUBLISH, [versionId, JSON.stringify(plan)]);
};
