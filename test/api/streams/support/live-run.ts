import type pg from 'pg';
import { executionOf, openRun, type ReadyTask, startRun } from '../../../support/build-rows.ts';
import { callValue, readValue } from '../../../support/call.ts';
import type { UsedDatabase } from '../../../support/use-database.ts';

/** What the sequencer of a worker does: numbers all that has come, and notifies. */
export async function sequence({ engine }: UsedDatabase): Promise<void> {
  while ((await readValue<number>(engine, 'select durabase_private.sequence_changes()')) !== 0);
}

/** A run that is being executed; it has 3 events. */
export async function startLiveRun(owner: pg.Pool, task: ReadyTask, args: Readonly<Record<string, unknown>> = {}) {
  const { id } = await startRun(owner, task, args);
  const run = await openRun(owner, id);
  return { id, lastSeq: Number(run.event_seq) };
}

/** One more event of a run, with this in its data. */
export const writeEvent = async (owner: pg.Pool, runId: string, data: unknown = {}): Promise<void> =>
  void (await owner.query("select durabase_private.follow_step($1, 'step.log', 'hello', 0, 1, $2)", [
    runId,
    JSON.stringify(data),
  ]));

export async function writeEvents(owner: pg.Pool, runId: string, count: number): Promise<void> {
  await owner.query(
    `select durabase_private.follow_step($1, 'step.log', 'hello', 0, 1, jsonb_build_object('n', n)) from generate_series(1, $2) n`,
    [runId, count],
  );
}

export const finishRun = (owner: pg.Pool, runId: string): Promise<unknown> =>
  callValue(owner, 'durabase_private.finish_runs', {
    p_items: [{ ...executionOf(runId), state: 'completed', output: { ok: true } }],
  });

/** 1, 2, 3 … */
export const upTo = (count: number, first = 1): readonly number[] =>
  Array.from({ length: count - first + 1 }, (_, index) => first + index);
