import type { Db, Statement } from '../../ports/db.ts';
import type { OpenRun, Reconciled, ReconcilingPort } from '../../ports/reconciling.ts';

const SQL = {
  lead: { name: 'hold_lease', text: 'select durabase_private.hold_lease($1, $2, $3, $4::jsonb) as answer' },
  leave: { name: 'leave_lease', text: 'select durabase_private.leave_lease($1, $2)' },
  reconcile: { name: 'reconcile', text: 'select durabase_private.reconcile($1::jsonb) as answer' },
  listOpen: {
    name: 'list_open_runs',
    text: 'select run_id as "runId", workflow_id as "workflowId", temporal_run_id as "temporalRunId", state, stalled_reason as "stalledReason" from durabase_private.list_open_runs($1, $2, $3)',
  },
  lose: { name: 'lose_run', text: 'select durabase_private.lose_run($1, $2)' },
  flag: { name: 'flag_run', text: 'select durabase_private.flag_run($1, $2)' },
  adopt: { name: 'adopt_execution', text: 'select durabase_private.adopt_execution($1::jsonb) as answer' },
  sweep: { name: 'unblock_stale', text: 'select durabase_private.unblock_stale() as answer' },
  beat: { name: 'beat', text: 'select durabase_private.beat($1, $2, $3, $4, $5::jsonb)' },
} as const satisfies Record<string, Statement>;

/** Short: while a dead leader's lease runs, nobody follows what is done in Temporal. */
const LEASE_MS = 5_000;
const QUIET_MS = 15_000;
const OPEN_PAGE = 20;

/** Options of {@link createReconciling}. */
export interface ReconcilingOptions {
  readonly db: Db;
  /** Who this process is; shows in the registers. */
  readonly workerId: string;
  readonly taskQueue: string;
}

/** {@link ReconcilingPort} over the functions of schema durabase_private. */
export function createReconciling({ db, workerId, taskQueue }: ReconcilingOptions): ReconcilingPort {
  const startedAt = new Date();
  const lease = `reconciler:${taskQueue}`;
  return {
    lead: async (bookmark) => {
      const [row] = await db.query<{ answer: { readonly watermark?: string } | null }>(SQL.lead, [
        lease,
        workerId,
        LEASE_MS,
        bookmark === undefined ? null : JSON.stringify(bookmark),
      ]);
      return row?.answer ?? undefined;
    },
    leave: async () => void (await db.query(SQL.leave, [lease, workerId])),
    reconcile: async (executions) => {
      if (executions.length === 0) return [];
      const [row] = await db.query<{ answer: readonly Reconciled[] }>(SQL.reconcile, [JSON.stringify(executions)]);
      return row?.answer ?? [];
    },
    listOpenRuns: (afterId) => db.query<OpenRun>(SQL.listOpen, [afterId, QUIET_MS, OPEN_PAGE]),
    loseRun: async (runId, temporalRunId) => void (await db.query(SQL.lose, [runId, temporalRunId])),
    flagRun: async (runId, reason) => void (await db.query(SQL.flag, [runId, reason])),
    adopt: async (execution) => {
      const [row] = await db.query<{ answer: boolean }>(SQL.adopt, [JSON.stringify(execution)]);
      return row?.answer ?? false;
    },
    sweepPermits: async () => {
      const [row] = await db.query<{ answer: number }>(SQL.sweep, []);
      return row?.answer ?? 0;
    },
    beat: async ({ isPolling }) =>
      void (await db.query(SQL.beat, [workerId, taskQueue, startedAt, isPolling, JSON.stringify({ pid: process.pid })])),
  };
}
