import { createLoop } from '../../loop/create-loop.ts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { Log } from '../../ports/log.ts';
import type { ListenForChanges } from '../ports.ts';

/** What somebody who follows changes asks for. */
export interface WatchOptions {
  readonly db: Queryable;
  readonly log: Log;
  readonly listenForChanges: ListenForChanges;
  /** How long no news are believed without looking. */
  readonly pollMs: number;
}

export interface Watch {
  stop(): Promise<void>;
}

/** One statement, and so one moment: whatever is up to the newest position (key null) and after the known one is in it. */
const CHANGED: Statement = {
  name: 'api_changed',
  text: `select null as key, durabase_private.changes_head()::float8 as position
    union all select 'run:' || r.run_id, r.position from durabase_private.changed_runs($1) r
    union all select f.feed, f.position from durabase_private.changed_feeds($1) f`,
};

interface ChangedRow {
  readonly key: string | null;
  readonly position: number;
}

const AFTER_FAILURE_MS = 1_000;

/**
 * Tells which runs and feeds changed, by their keys; `undefined`: it cannot be told, so it may be any. Looks when a
 * notification comes, and now and then without one: notifications do not pass a transaction pooler.
 */
export function watchChanges(
  { db, log, listenForChanges, pollMs }: WatchOptions,
  onChanged: (keys: readonly string[] | undefined) => void,
): Watch {
  let position: number | null = null;
  const loop = createLoop({
    name: 'streams',
    log,
    afterFailureMs: AFTER_FAILURE_MS,
    pass: async () => {
      const rows = await db.query<ChangedRow>(CHANGED, [position]);
      const head = rows.find((row) => row.key === null)?.position ?? 0;
      // A position that has gone back is that of a restored database.
      const canTell = position !== null && head >= position;
      position = head;
      onChanged(canTell ? rows.flatMap(({ key }) => key ?? []) : undefined);
      return { ms: pollMs };
    },
  });
  const listening = listenForChanges(loop.wake);
  return { stop: async () => void (await Promise.all([loop.stop(), listening.close()])) };
}
