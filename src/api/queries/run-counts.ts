import type { RunCounts } from '@durabase/contracts/api/run-counts';
import type { Queryable, Statement } from '../../ports/db.ts';

const COUNT_RUNS: Statement = {
  name: 'api_count_runs',
  text: 'select c.state, c.run_count::int as count, c.is_capped as "isCapped" from durabase.count_runs($1, $2) c',
};

/** By state; a state of which there is no run is there with 0. */
export const countRuns = (
  tx: Queryable,
  { workspace, taskId }: { readonly workspace: string | undefined; readonly taskId: string | undefined },
): Promise<readonly RunCounts['counts'][number][]> => tx.query(COUNT_RUNS, [workspace ?? null, taskId ?? null]);
