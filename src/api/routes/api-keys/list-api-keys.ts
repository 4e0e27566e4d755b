import { apiKeyPage, listApiKeysQuery } from '@durabase/contracts/api/api-key';
import { idCursor, readCursor } from '../../cursor.ts';
import { toApiKey } from '../../mappers/api-key.ts';
import { listApiKeys } from '../../queries/api-keys.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listApiKeysRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/api-keys',
  access: 'caller',
  summary: 'API keys of the workspaces that the caller administers, newest first.',
  query: listApiKeysQuery,
  answers: { 200: apiKeyPage },
  handler: async ({ query: { workspace, cursor, limit }, identity }, { runAsCaller }) => {
    const beforeId = readCursor(idCursor, cursor)?.[0];
    const rows = await runAsCaller(identity, (tx) => listApiKeys(tx, { workspace, beforeId, limit: limit + 1 }));
    return { status: 200, body: toPage({ rows, limit, toItem: toApiKey, positionOf: ({ id }) => [id] }) };
  },
});
