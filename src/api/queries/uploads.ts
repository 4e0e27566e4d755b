import type { Queryable, Statement } from '../../ports/db.ts';
import { callOne } from './call-one.ts';

const PREPARE: Statement = {
  name: 'api_prepare_upload',
  text: 'select durabase.prepare_upload($1, $2, $3::bigint, $4::uuid) as path',
};

const RECALL: Statement = { name: 'api_recall_upload', text: 'select durabase_private.upload_workspace($1::uuid)' };

/** A file that somebody wants to upload. */
export interface NewUpload {
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly workspace?: string | undefined;
}

/** The path that belongs to this file alone. Throws WORKSPACE_NOT_FOUND, WORKSPACE_AMBIGUOUS, FORBIDDEN. */
export const prepareUpload = async (tx: Queryable, { fileName, contentType, bytes, workspace }: NewUpload): Promise<string> =>
  (await callOne<{ path: string }>(tx, PREPARE, [fileName, contentType, bytes, workspace ?? null])).path;

/** A path that was made before, for whoever may still upload into its workspace. Throws WORKSPACE_NOT_FOUND, FORBIDDEN. */
export async function recallUpload(tx: Queryable, path: string): Promise<string> {
  await callOne(tx, RECALL, [path.split('/')[0] ?? null]);
  return path;
}
