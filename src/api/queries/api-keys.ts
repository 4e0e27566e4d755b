import { PlatformError } from '@durabase/contracts';
import type { ApiKeyScope } from '@durabase/contracts/api/api-key';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { ApiKeyRow } from '../mappers/api-key.ts';
import { callOne } from './call-one.ts';

const LOOK_UP: Statement = {
  name: 'api_look_up_api_key',
  text: 'select state, key_id, scopes from durabase_private.look_up_api_key($1)',
};
const CREATE: Statement = {
  name: 'api_create_api_key',
  text: `select to_jsonb(c.api_key) as api_key, c.key
    from durabase.create_api_key($1, $2::text[], $3::uuid, $4::timestamptz) c`,
};
const FIND: Statement = {
  name: 'api_find_api_key',
  text: 'select to_jsonb(k) as api_key, null as key from durabase.api_keys k where k.id = $1',
};
const REVOKE: Statement = {
  name: 'api_revoke_api_key',
  text: 'select to_jsonb(k) as api_key from durabase.revoke_api_key($1) k',
};
const LIST: Statement = {
  name: 'api_list_api_keys',
  text: `select to_jsonb(k) as api_key from durabase.api_keys k
    where ($1::uuid is null or k.workspace_id = $1) and ($2::uuid is null or k.id < $2) order by k.id desc limit $3`,
};

/** How it stands with a key that somebody shows. */
export interface KnownApiKey {
  readonly state: 'good' | 'revoked' | 'expired';
  readonly key_id: string;
  readonly scopes: readonly ApiKeyScope[];
}

export const lookUpApiKey = async (db: Queryable, hash: string): Promise<KnownApiKey | undefined> =>
  (await db.query<KnownApiKey>(LOOK_UP, [hash]))[0];

interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly workspace?: string | undefined;
  readonly expiresAt?: string | undefined;
}

interface MadeApiKey {
  readonly api_key: ApiKeyRow;
  /** null: told before. */
  readonly key: string | null;
}

export async function createApiKey(tx: Queryable, { name, scopes, workspace, expiresAt }: NewApiKey): Promise<MadeApiKey> {
  const values = [name, scopes, workspace ?? null, expiresAt ?? null];
  return callOne<MadeApiKey>(tx, CREATE, values);
}

/** One that was made before, without the key itself. Throws API_KEY_NOT_FOUND. */
export async function findApiKey(tx: Queryable, keyId: string): Promise<MadeApiKey> {
  const [found] = await tx.query<MadeApiKey>(FIND, [keyId]);
  if (found !== undefined) return found;
  throw new PlatformError('API_KEY_NOT_FOUND', { message: 'no such API key is visible to you' });
}

export const revokeApiKey = async (tx: Queryable, keyId: string): Promise<ApiKeyRow> =>
  (await callOne<{ api_key: ApiKeyRow }>(tx, REVOKE, [keyId])).api_key;

interface ListApiKeys {
  readonly workspace: string | undefined;
  readonly beforeId: string | undefined;
  readonly limit: number;
}

export async function listApiKeys(tx: Queryable, { workspace, beforeId, limit }: ListApiKeys): Promise<readonly ApiKeyRow[]> {
  const rows = await tx.query<{ api_key: ApiKeyRow }>(LIST, [workspace ?? null, beforeId ?? null, limit]);
  return rows.map(({ api_key: row }) => row);
}
