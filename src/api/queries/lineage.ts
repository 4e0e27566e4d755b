import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { RunLinkRow } from '../mappers/run-link.ts';
import { callOne } from './call-one.ts';

const LIST_LINKS: Statement = {
  name: 'api_list_links',
  text: 'select to_jsonb(l) as link from durabase.list_links($1, $2, $3, $4) l order by l.created_at, l.run_id',
};
const EXPLAIN_RUN: Statement = { name: 'api_explain_run', text: 'select durabase.explain_run($1) as explanation' };

export interface ListLinks {
  readonly runId: string;
  readonly after: { readonly createdAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Where a run comes from and what came from it, the oldest first. Throws RUN_NOT_FOUND. */
export async function listLinks(tx: Queryable, { runId, after, limit }: ListLinks): Promise<readonly RunLinkRow[]> {
  const rows = await tx.query<{ link: RunLinkRow }>(LIST_LINKS, [runId, after?.createdAt ?? null, after?.id ?? null, limit]);
  return rows.map((row) => row.link);
}

/** Why a run stands where it stands. Throws RUN_NOT_FOUND. */
export const explainRun = async (tx: Queryable, runId: string): Promise<RunExplanation> =>
  (await callOne<{ explanation: RunExplanation }>(tx, EXPLAIN_RUN, [runId])).explanation;
