import type { Db, Queryable, Statement } from '../../ports/db.ts';
import type { Log } from '../../ports/log.ts';
import type { Admission, QueuePort, UncheckedRun, Wish } from '../../ports/queue.ts';
import { listen } from '../db/listen.ts';

/** Channel on which the API and the sequencer say that there is work. */
export const WORK_CHANNEL = 'durabase_work';

const SQL = {
  admit: { name: 'admit', text: 'select durabase_private.admit($1, $2) as answer' },
  claimUnchecked: {
    name: 'claim_unchecked',
    text: 'select run_id as "runId", workspace_id as "workspaceId", task_id as "taskId", version_id as "versionId", input from durabase_private.claim_unchecked($1)',
  },
  markChecked: { name: 'mark_checked', text: 'select durabase_private.mark_checked($1::jsonb)' },
  unclaim: { name: 'unclaim', text: 'select durabase_private.unclaim($1::uuid[])' },
  claimWishes: {
    name: 'claim_wishes',
    text: 'select run_id as "runId", workflow_id as "workflowId", kind, reason, requested_at::text as "requestedAt" from durabase_private.claim_wishes(100)',
  },
  forgetWakes: { name: 'forget_wakes', text: 'select durabase_private.forget_wakes($1::uuid[], $2::timestamptz[])' },
  doDeed: { name: 'do_deed', text: 'select durabase_private.do_deed() as "isDone"' },
  listDrafts: {
    name: 'list_drafts',
    text: 'select version_id as "versionId", workspace_id as "workspaceId", definition from durabase_private.list_drafts(20)',
  },
  publish: { name: 'publish_version', text: 'select durabase_private.publish_version($1, $2::jsonb, $3::jsonb)' },
} as const satisfies Record<string, Statement>;

const MAX_CHECKED = 100;

/** Options of {@link createQueue}. */
export interface QueueOptions {
  readonly db: Db;
  /** For a connection of its own that listens; never a transaction pooler's. */
  readonly url: string;
  /** Runs between admission and opening at most, over all workers. */
  readonly maxOpening: number;
  /** How long a started run may take to open before another dispatcher tries, in milliseconds. */
  readonly claimMs: number;
  readonly log: Log;
}

/** {@link QueuePort} over the functions of schema durabase_private. */
export function createQueue({ db, url, maxOpening, claimMs, log }: QueueOptions): QueuePort {
  const admit = async (on: Queryable): Promise<Admission> => {
    const [row] = await on.query<{ answer: Admission }>(SQL.admit, [maxOpening, claimMs]);
    return row?.answer ?? { runs: [], unchecked: false, wishes: false, deeds: false, drafts: false };
  };
  return {
    admit: () => admit(db),
    checkAndAdmit: (check) =>
      db.transaction(async (tx) => {
        const unchecked = await tx.query<UncheckedRun>(SQL.claimUnchecked, [MAX_CHECKED]);
        if (unchecked.length > 0) await tx.query(SQL.markChecked, [JSON.stringify(await check(unchecked))]);
        return admit(tx);
      }),
    unclaim: async (runIds) => void (await db.query(SQL.unclaim, [runIds])),
    claimWishes: () => db.query<Wish>(SQL.claimWishes, []),
    forgetWakes: async (wishes) =>
      void (await db.query(SQL.forgetWakes, [wishes.map(({ runId }) => runId), wishes.map(({ requestedAt }) => requestedAt)])),
    doDeed: async () => {
      const [row] = await db.query<{ isDone: boolean }>(SQL.doDeed, []);
      return row?.isDone ?? false;
    },
    listDrafts: () => db.query(SQL.listDrafts, []),
    publishVersion: async ({ versionId, plan, problems }) =>
      void (await db.query(SQL.publish, [
        versionId,
        plan === undefined ? null : JSON.stringify(plan),
        problems === undefined ? null : JSON.stringify(problems),
      ])),
    onWork: (listener) => listen({ url, channel: WORK_CHANNEL, log }, listener),
  };
}
