import type pg from 'pg';
import { executionOf, openRun, type ReadyTask, startRun } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';

/** One line in a run's feed and one change in the feeds, each in a transaction of its own: as the writers of steps do it. */
const WRITE_LINES = `
  create procedure public.write_lines(p_runs uuid[], p_count int) language plpgsql as $$
  declare v_run durabase.task_runs;
  begin
    for n in 1 .. p_count loop
      update durabase.task_runs set event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
        where id = p_runs[1 + (n % cardinality(p_runs))] returning * into v_run;
      perform durabase_private.emit(v_run, v_run.event_seq, 'test.line', p_data => jsonb_build_object('n', n));
      perform durabase_private.tell_feeds(v_run);
      commit;
    end loop;
  end $$`;

export const installWriters = (owner: pg.Pool): Promise<unknown> => owner.query(WRITE_LINES);

/** Writes so many lines, spread over the runs. */
export const writeLines = (owner: pg.Pool, runIds: readonly string[], count: number): Promise<unknown> =>
  owner.query('call public.write_lines($1, $2)', [runIds, count]);

/** A run that is running. */
export const createRunningRun = async (owner: pg.Pool, task: ReadyTask): Promise<string> => {
  const { id } = await startRun(owner, task);
  await openRun(owner, id);
  return id;
};

export const countEvents = async (owner: pg.Pool, runId: string): Promise<number> =>
  Number(await readValue(owner, 'select event_seq from durabase.task_runs where id = $1', [runId]));

/** The run ends; its last event says so. */
export const finishRun = (owner: pg.Pool, runId: string, output: unknown = { ok: true }): Promise<unknown> =>
  callValue(owner, 'durabase_private.finish_runs', { p_items: [{ ...executionOf(runId), state: 'completed', output }] });
