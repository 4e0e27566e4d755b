import type { Run } from '@durabase/contracts/api/run';
import type { RunState } from '@durabase/contracts/run-states';
import { DurabaseError } from '../errors.ts';
import type { Calls } from '../supabase/create-calls.ts';
import { readRun, rowsOf, textOf } from './read-rows.ts';

/** Which runs; everything that is left out fits. */
export interface ListRunsOptions {
  /** Id of a workspace. @default all that the user sees */
  readonly workspace?: string | undefined;
  /** Slug or id of a task. */
  readonly task?: string | undefined;
  /** @default all of them */
  readonly states?: readonly RunState[] | undefined;
  /** Words of task, tags, input and error, or the id of a run; `-word` excludes, `or` joins. */
  readonly search?: string | undefined;
  /** Id of the user who started them. */
  readonly actor?: string | undefined;
  /** How many runs are read at a time, 1 to 1,000. @default 50 */
  readonly pageSize?: number | undefined;
  /** Stop after so many runs. @default all */
  readonly limit?: number | undefined;
  /** Ends the iteration with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Runs from the newest to the oldest, a page at a time: a new one that starts meanwhile shifts nothing. */
export async function* listRuns(calls: Calls, options: ListRunsOptions): AsyncGenerator<Run, void, undefined> {
  const { workspace, states, search, actor, pageSize = 50, signal } = options;
  const task = options.task === undefined ? undefined : await findTaskId(calls, options.task, options);
  const isSearch = search !== undefined || actor !== undefined;
  const [name, wanted] = isSearch ? ['search_runs', { q: search, actor }] : ['list_runs', {}];
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let before: { readonly before_at?: string; readonly before_id?: string } = {};
  while (left > 0) {
    const limit = Math.min(pageSize, left);
    const rows = rowsOf(await calls.call(name, { ...wanted, workspace, task, states, ...before, page_limit: limit }, signal));
    for (const row of rows) yield readRun(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    left -= rows.length;
    // As Postgres wrote it: to the microsecond.
    before = { before_at: textOf(last, 'created_at'), before_id: textOf(last, 'id') };
  }
}

const findTaskId = async (calls: Calls, task: string, { workspace, signal }: ListRunsOptions): Promise<string> => {
  if (UUID.test(task)) return task;
  const rows = await calls.read(
    'tasks',
    (all) => {
      const named = all.eq('slug', task).limit(2);
      return workspace === undefined ? named : named.eq('workspace_id', workspace);
    },
    signal,
  );
  const [found, another] = rowsOf(rows);
  if (another !== undefined) {
    throw new DurabaseError('WORKSPACE_AMBIGUOUS', {
      message: `more than one workspace has a task ${JSON.stringify(task)}`,
      hint: 'name the workspace, or give the id of the task',
      path: 'workspace',
    });
  }
  if (found !== undefined) return textOf(found, 'id');
  throw new DurabaseError('TASK_NOT_FOUND', { message: `no task ${JSON.stringify(task)} is visible to you`, path: 'task' });
};
