import type { Db, Statement } from '../../ports/db.ts';
import type { FeedsPort, Seal } from '../../ports/feeds.ts';

const SQL = {
  sequence: { name: 'sequence_changes', text: 'select durabase_private.sequence_changes($1) as answer' },
  prune: { name: 'prune', text: 'select durabase_private.prune_changes() + durabase_private.prune_calls() as answer' },
  seal: { name: 'seal_audit', text: 'select durabase_private.seal_audit($1) as answer' },
  indexRuns: { name: 'index_runs', text: 'select durabase_private.index_runs($1) as answer' },
  lead: { name: 'hold_lease', text: 'select durabase_private.hold_lease($1, $2, $3, $4::jsonb) as answer' },
  leave: { name: 'leave_lease', text: 'select durabase_private.leave_lease($1, $2)' },
} as const satisfies Record<string, Statement>;

const MAX_CHANGES = 2_000;
const MAX_SEALED = 1_000;
const MAX_INDEXED = 500;
const LEASE = 'sequencer';
const LEASE_MS = 4_000;
const BUSY = -1;

/** {@link FeedsPort} over the functions of schema durabase_private. */
export function createFeeds({ db, workerId }: { readonly db: Db; readonly workerId: string }): FeedsPort {
  const ask = async <Answer>(statement: Statement, values: Parameters<Db['query']>[1]): Promise<Answer | undefined> => {
    const [row] = await db.query<{ answer: Answer | null }>(statement, values);
    return row?.answer ?? undefined;
  };
  return {
    sequence: async () => {
      const count = (await ask<number>(SQL.sequence, [MAX_CHANGES])) ?? 0;
      return { count: Math.max(count, 0), isBusy: count === BUSY };
    },
    prune: async () => (await ask<number>(SQL.prune, [])) ?? 0,
    sealAudit: () => ask<Seal>(SQL.seal, [MAX_SEALED]),
    indexRuns: async () => ((await ask<number>(SQL.indexRuns, [MAX_INDEXED])) ?? 0) >= MAX_INDEXED,
    lead: async () => (await ask<unknown>(SQL.lead, [LEASE, workerId, LEASE_MS, null])) !== undefined,
    leave: async () => void (await db.query(SQL.leave, [LEASE, workerId])),
  };
}
