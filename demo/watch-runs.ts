import { setTimeout as delay } from 'node:timers/promises';
import type { UserClient } from './user.ts';
import { waitFor } from './wait-for.ts';

/** A run as its owner reads it in `durabase.task_runs`. */
export interface WatchedRun {
  readonly id: string;
  readonly task_id: string;
  readonly workflow_id: string;
  readonly state: string;
  readonly epoch: number;
  readonly version: number;
  readonly reason: unknown;
  readonly error: unknown;
}

interface RunEvent {
  readonly seq: number;
  readonly kind: string;
  readonly state: string | null;
}

/** A run took these states since the last time it was reported, in order, the former one first. */
export type OnStates = (run: WatchedRun, states: readonly string[]) => void;

export interface RunWatch {
  readonly runs: ReadonlyMap<string, WatchedRun>;
  /** Waits until the mirror shows the run so. */
  until(runId: string, isSo: (run: WatchedRun) => boolean, what: string): Promise<WatchedRun>;
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly supabase: UserClient;
  readonly onStates: OnStates;
  readonly signal: AbortSignal;
}

const POLL_MS = 150;
const COLUMNS = 'id, task_id, workflow_id, state, epoch, version, reason, error';

/** Follows every run that the user may see. */
export function watchRuns({ supabase, onStates, signal }: WatchOptions): RunWatch {
  const runs = new Map<string, WatchedRun>();
  const seen = new Map<string, { seq: number; state: string }>();
  const stopping = new AbortController();

  const poll = async (): Promise<void> => {
    const { data, error } = await supabase.from('task_runs').select(COLUMNS).order('created_at');
    if (error !== null) throw new Error(`task_runs cannot be read: ${error.message}`);
    for (const run of data as readonly WatchedRun[]) {
      if (runs.get(run.id)?.version === run.version) continue;
      await report(run);
      runs.set(run.id, run);
    }
  };
  /** Between two looks a run may take several states; its events have them all. */
  const report = async (run: WatchedRun): Promise<void> => {
    const last = seen.get(run.id) ?? { seq: 0, state: '' };
    const { data, error } = await supabase
      .from('run_events')
      .select('seq, kind, state')
      .eq('run_id', run.id)
      .gt('seq', last.seq)
      .order('seq');
    if (error !== null) throw new Error(`run_events cannot be read: ${error.message}`);
    const states = last.state === '' ? [] : [last.state];
    for (const event of data as readonly RunEvent[]) {
      last.seq = event.seq;
      if (event.kind === 'run.reset') states.push('reset');
      if (event.state !== null && event.state !== states.at(-1)) states.push(event.state);
    }
    const changed = states.length > (last.state === '' ? 0 : 1);
    seen.set(run.id, { seq: last.seq, state: states.at(-1) ?? last.state });
    if (changed) onStates(run, states);
  };
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await poll();
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // stopped
    }
  };
  const following = follow();
  following.catch(() => undefined); // `until` and `stop` pass it on

  return {
    runs,
    until: (runId, isSo, what) => {
      const find = (): WatchedRun | undefined => {
        const run = runs.get(runId);
        return run !== undefined && isSo(run) ? run : undefined;
      };
      return Promise.race([
        waitFor(find, { what, signal }),
        following.then(() => Promise.reject(new Error('nobody watches any more'))),
      ]);
    },
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}
