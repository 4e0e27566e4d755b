import { createApiKeyBody, createdApiKey } from '@durabase/contracts/api/api-key';
import { speakApi } from '../../in-api-words.ts';
import { toApiKey } from '../../mappers/api-key.ts';
import { createApiKey } from '../../queries/api-keys.ts';
import { defineRoute } from '../../route.ts';

export const createApiKeyRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/api-keys',
  access: 'caller',
  summary: 'Makes an API key of the caller. The key is shown this once.',
  body: createApiKeyBody,
  answers: { 201: createdApiKey },
  handler: async ({ body, identity }, { runAsCaller }) => {
    const { api_key: row, key } = await speakApi(runAsCaller(identity, (tx) => createApiKey(tx, body)));
    return { status: 201, headers: { Location: `/api/v1/api-keys/${row.id}` }, body: { ...toApiKey(row), key } };
  },
});
