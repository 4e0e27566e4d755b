import type { Queryable, Statement } from '../../ports/db.ts';
import type { DriftRow } from '../mappers/drift-line.ts';

const LIST_DRIFT: Statement = {
  name: 'api_list_drift',
  text: 'select to_jsonb(d) as line from durabase.drift($1, $2) d order by d.id desc',
};

/** Newest first. */
export async function listDrift(
  tx: Queryable,
  { beforeId, limit }: { readonly beforeId: number | undefined; readonly limit: number },
): Promise<readonly DriftRow[]> {
  const rows = await tx.query<{ line: DriftRow }>(LIST_DRIFT, [beforeId ?? null, limit]);
  return rows.map((row) => row.line);
}
