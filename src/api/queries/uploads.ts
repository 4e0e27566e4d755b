import { PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import { speakApi } from '../in-api-words.ts';

const PREPARE: Statement = {
  name: 'api_prepare_upload',
  text: 'select durabase.prepare_upload($1, $2, $3::bigint, $4::uuid) as path',
};

/** A file that somebody wants to upload. */
export interface NewUpload {
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly workspace?: string | undefined;
}

/** The path that belongs to this file alone. Throws WORKSPACE_NOT_FOUND, WORKSPACE_AMBIGUOUS, FORBIDDEN. */
export async function prepareUpload(tx: Queryable, { fileName, contentType, bytes, workspace }: NewUpload): Promise<string> {
  const [row] = await speakApi(tx.query<{ path: string }>(PREPARE, [fileName, contentType, bytes, workspace ?? null]));
  if (row === undefined) throw new PlatformError('INTERNAL', { cause: new Error('prepare_upload gave no row') });
  return row.path;
}
