import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf } from './parts.ts';

/** What an API key may do; `admin` is everything below the ownership of the workspace. */
export const API_KEY_SCOPES = [
  'runs:read',
  'runs:start',
  'runs:operate',
  'tasks:read',
  'tasks:write',
  'events:emit',
  'admin',
] as const;
/** What an API key may do. */
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

const scopes = () => z.array(z.enum(API_KEY_SCOPES)).min(1).max(API_KEY_SCOPES.length);

/** A key by which a server calls, without the key itself. */
export const apiKey = z.strictObject({
  id: id(),
  workspaceId: id(),
  name: z.string(),
  prefix: z.string().describe('How the key begins, to tell keys apart.'),
  scopes: scopes(),
  createdBy: id().nullable().describe('The key never may more than this member may at that moment; null: made by a service.'),
  createdAt: moment(),
  lastUsedAt: moment().nullable().describe('To the minute.'),
  expiresAt: moment().nullable(),
  revokedAt: moment().nullable(),
});
/** A key by which a server calls, without the key itself. */
export type ApiKey = z.infer<typeof apiKey>;

/** A key that has just been made. */
export const createdApiKey = apiKey.extend({ key: z.string().describe('Shown this once; only its hash is kept.') });
/** The same key, asked for again with the same idempotency key. */
export const repeatedApiKey = apiKey.extend({
  key: z
    .null()
    .describe('Told in the first answer only. If that was lost, revoke this key and make one with another idempotency key.'),
});
/** A page of keys, newest first. */
export const apiKeyPage = pageOf(apiKey);

/** Body of `POST /api-keys`. */
export const createApiKeyBody = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: scopes(),
  workspace: id().optional().describe("Default: the caller's only workspace."),
  expiresAt: z.iso.datetime({ offset: true }).optional().describe('Default: never.'),
});

/** Query of `GET /api-keys`. */
export const listApiKeysQuery = z.strictObject({
  workspace: id().optional(),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});
/** Parameters of `DELETE /api-keys/{apiKey}`. */
export const apiKeyParams = z.strictObject({ apiKey: id() });
