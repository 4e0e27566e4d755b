import type { ApiKey, ApiKeyScope } from '@durabase/contracts/api/api-key';
import { toMoment, toMomentOrNull } from './values.ts';

/** A key as Postgres writes it into JSON. */
export interface ApiKeyRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly created_by: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

export const toApiKey = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  workspaceId: row.workspace_id,
  name: row.name,
  prefix: row.prefix,
  scopes: [...row.scopes],
  createdBy: row.created_by,
  createdAt: toMoment(row.created_at),
  lastUsedAt: toMomentOrNull(row.last_used_at),
  expiresAt: toMomentOrNull(row.expires_at),
  revokedAt: toMomentOrNull(row.revoked_at),
});
