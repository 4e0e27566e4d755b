import { FAILURE, admitRun, executionOf, findRun, startRun, type ReadyTask, type Run } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';
import type { UsedDatabase } from '../../support/use-database.ts';

/** Whatever the engine's functions answer. */
export interface Answer {
  readonly verdict: string;
  readonly reason?: string;
  readonly state?: string;
  readonly epoch?: number;
  readonly done?: Readonly<Record<string, string>>;
  readonly isPaused?: boolean;
  readonly count?: number;
  readonly next?: number;
  readonly missing?: readonly number[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly outputRef?: { readonly payload: string; readonly bytes: number } | null;
}

/** A step as its row shows it. */
export interface StepRow {
  readonly step_id: string;
  readonly iteration: number;
  readonly state: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly input: unknown;
  readonly output: unknown;
  readonly output_ref: { readonly payload: string; readonly sha256: string } | null;
  readonly error: { readonly code: string; readonly message: string; readonly data?: unknown } | null;
  readonly version: string;
}

type More = Readonly<Record<string, unknown>>;

/** Which execution of the run's chain speaks. @default 1 */
export interface Speaker {
  readonly execution?: number;
}

/** When naps are over. */
export const LATER = '2031-01-01T00:00:00Z';

/** What worker and dispatcher say to the database, in one line each. */
export const tellStory = (db: UsedDatabase) => {
  const speakerOf = (runId: string, execution = 1) => executionOf(runId, `exec-${execution}-${runId}`);
  const engine = <Value>(name: string, args: More): Promise<Value> =>
    callValue<Value>(db.engine, `durabase_private.${name}`, args);
  const write = async (runId: string, item: More, execution?: number): Promise<Answer> => {
    const [answer] = await engine<Answer[]>('write_steps', { p_items: [{ ...speakerOf(runId, execution), ...item }] });
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };

  return {
    write,
    open: async (runId: string, { execution, ...more }: Speaker & More = {}): Promise<Answer> => {
      const [answer] = await engine<Answer[]>('open_runs', { p_items: [{ ...speakerOf(runId, execution), steps: [], ...more }] });
      if (answer === undefined) throw new Error('no answer');
      return answer;
    },
    begin: (runId: string, stepId: string, { execution, ...more }: Speaker & More = {}) =>
      write(runId, { op: 'begin', stepId, name: stepId, action: 'log', attempt: 1, iteration: 0, ...more }, execution),
    end: (runId: string, stepId: string, { execution, ...more }: Speaker & More = {}) =>
      write(runId, { op: 'end', stepId, iteration: 0, state: 'completed', ...more }, execution),
    skip: (runId: string, stepId: string, { execution, ...more }: Speaker & More = {}) =>
      write(runId, { op: 'skip', stepId, name: stepId, action: 'log', iteration: 0, reason: 'why not', ...more }, execution),
    /** A step from its beginning to its good end. */
    take: async (runId: string, stepId: string, { execution, output = null, ...more }: Speaker & More = {}): Promise<void> => {
      await write(runId, { op: 'begin', stepId, name: stepId, action: 'log', attempt: 1, iteration: 0, ...more }, execution);
      await write(runId, { op: 'end', stepId, iteration: 0, state: 'completed', output, ...more }, execution);
    },
    wait: (runId: string, stepId: string, wait: More, { execution, ...more }: Speaker & More = {}) =>
      write(
        runId,
        { op: 'begin', stepId, name: stepId, attempt: 1, iteration: 0, state: 'waiting', wait, ...actionOf(wait), ...more },
        execution,
      ),
    /** A wait that only its time ends. */
    nap: (runId: string, stepId: string, { execution, ...more }: Speaker & More = {}) =>
      write(
        runId,
        {
          op: 'begin',
          stepId,
          name: stepId,
          action: 'sleep',
          attempt: 1,
          iteration: 0,
          state: 'waiting',
          wakesAt: LATER,
          ...more,
        },
        execution,
      ),
    openLoop: (runId: string, stepId: string, items: readonly unknown[], { execution, ...more }: Speaker & More = {}) =>
      engine<Answer>('open_loop', {
        p_item: { ...speakerOf(runId, execution), stepId, name: stepId, action: 'log', items, ...more },
      }),
    closeLoop: (runId: string, stepId: string, { execution, ...more }: Speaker & More = {}) =>
      engine<Answer>('close_loop', { p_item: { ...speakerOf(runId, execution), stepId, state: 'completed', ...more } }),
    leave: (runId: string, execution = 1) =>
      engine<boolean>('leave_run', { p_run: runId, p_temporal_run: `exec-${execution}-${runId}` }),
    finish: async (runId: string, { execution, state = 'completed', ...more }: Speaker & More = {}): Promise<Answer> => {
      const result = state === 'completed' ? { output: { ok: true } } : { error: FAILURE };
      const [answer] = await engine<Answer[]>('finish_runs', {
        p_items: [{ ...speakerOf(runId, execution), state, ...result, ...more }],
      });
      if (answer === undefined) throw new Error('no answer');
      return answer;
    },
    reconcile: async (runId: string, status: string, { execution, ...more }: Speaker & More = {}): Promise<string | undefined> =>
      (await engine<string[]>('reconcile', { p_items: [{ ...speakerOf(runId, execution), status, ...more }] }))[0],
    /** Does all that is due; returns how many there were. */
    doDeeds: async (): Promise<number> => {
      for (let count = 0; ; count += 1) if (!(await engine<boolean>('do_deed', {}))) return count;
    },
    /** An accepted and opened run without steps. */
    startOpen: async (task: ReadyTask, args: More = {}): Promise<string> => {
      const { id } = await startRun(db.owner, task, args);
      await admitRun(db.owner, id);
      await engine('open_runs', { p_items: [{ ...speakerOf(id), steps: [] }] });
      return id;
    },
    stepOf: async (runId: string, stepId: string, iteration = 0): Promise<StepRow | undefined> =>
      (
        await db.owner.query<StepRow>('select * from durabase.run_steps where run_id = $1 and step_id = $2 and iteration = $3', [
          runId,
          stepId,
          iteration,
        ])
      ).rows[0],
    /** `step/iteration state@epoch`, in order. */
    stepsOf: async (runId: string): Promise<readonly string[]> =>
      (
        await db.owner.query<{ line: string }>(
          "select step_id || '/' || iteration || ' ' || state || '@' || epoch as line from durabase.run_steps where run_id = $1 order by step_id, iteration",
          [runId],
        )
      ).rows.map(({ line }) => line),
    eventsOf: async (runId: string): Promise<readonly string[]> =>
      (
        await db.owner.query<{ kind: string }>('select kind from durabase.run_events where run_id = $1 order by seq', [runId])
      ).rows.map(({ kind }) => kind),
    auditOf: async (entityId: string): Promise<readonly string[]> =>
      (
        await db.owner.query<{ line: string }>(
          "select action || ' by ' || actor_kind as line from durabase.audit_log where entity_id = $1 order by n",
          [entityId],
        )
      ).rows.map(({ line }) => line),
    /** What the dispatcher shall carry to the run's workflow. */
    wishesOf: async (runId: string): Promise<readonly string[]> =>
      (
        await db.owner.query<{ kind: string }>('select kind from durabase_private.wishes where run_id = $1 order by kind', [
          runId,
        ])
      ).rows.map(({ kind }) => kind),
    childrenOf: async (runId: string): Promise<readonly Run[]> => {
      const { rows } = await db.owner.query<{ run_id: string }>(
        "select run_id from durabase.run_links where parent_run_id = $1 and kind = 'child' order by created_at, run_id",
        [runId],
      );
      return Promise.all(rows.map(({ run_id: id }) => findRun(db.owner, id)));
    },
    count: (table: string, runId: string) =>
      readValue<number>(db.owner, `select count(*)::int from durabase_private.${table} where run_id = $1`, [runId]),
  };
};

const ACTIONS: Readonly<Record<string, string>> = { event: 'wait-for-event', child: 'run-task', external: 'external' };

/** The action and the input that the worker would have written beside the wait. */
const actionOf = (wait: More): More => ({
  action: ACTIONS[String(wait['kind'])] ?? 'log',
  input: wait['kind'] === 'event' ? { event: wait['name'] } : wait['kind'] === 'child' ? { task: wait['task'] } : {},
});
