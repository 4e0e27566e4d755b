import type { Queryable, Statement } from '../../ports/db.ts';

const READABLE: Statement = {
  name: 'api_codec_workspaces',
  text: 'select c.sees_instance, c.workspace_ids from durabase_private.codec_rights($1::uuid[]) c',
};

/** Of whom a caller may read payloads. */
export interface CodecRights {
  /** What belongs to no workspace as well. */
  readonly seesInstance: boolean;
  readonly workspaceIds: ReadonlySet<string>;
}

export async function findCodecRights(tx: Queryable, workspaceIds: readonly string[]): Promise<CodecRights> {
  type Row = { readonly sees_instance: boolean; readonly workspace_ids: readonly string[] };
  const [row] = await tx.query<Row>(READABLE, [workspaceIds]);
  return { seesInstance: row?.sees_instance ?? false, workspaceIds: new Set(row?.workspace_ids) };
}
