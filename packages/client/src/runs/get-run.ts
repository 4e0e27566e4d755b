import type { Run } from '@durabase/contracts/api/run';
import { DurabaseError } from '../errors.ts';
import type { Calls } from '../supabase/create-calls.ts';
import { readRun, rowsOf } from './read-rows.ts';

const notFound = (): DurabaseError =>
  new DurabaseError('RUN_NOT_FOUND', {
    message: 'no such run is visible to you',
    hint: 'check the id and the account',
    path: 'run',
  });

/** The one run that a call answered. */
export const readOneRun = (answer: unknown): Run => {
  const [row] = rowsOf(answer);
  if (row === undefined || row['id'] === null) throw notFound();
  return readRun(row);
};

export const getRun = async (calls: Calls, runId: string, signal?: AbortSignal): Promise<Run> =>
  readOneRun(await calls.read('task_runs', (rows) => rows.eq('id', runId).limit(1), signal));

export const cancelRun = async (
  calls: Calls,
  runId: string,
  { reason, signal }: { readonly reason?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Run> => readOneRun(await calls.call('cancel_run', { run: runId, reason }, signal));
