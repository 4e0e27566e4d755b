import { apiKey, apiKeyParams } from '@durabase/contracts/api/api-key';
import { toApiKey } from '../../mappers/api-key.ts';
import { revokeApiKey } from '../../queries/api-keys.ts';
import { defineRoute } from '../../route.ts';

export const revokeApiKeyRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/api-keys/:apiKey',
  access: 'caller',
  summary: 'Ends an API key at once, for good.',
  params: apiKeyParams,
  answers: { 200: apiKey },
  refuses: ['API_KEY_NOT_FOUND'],
  handler: async ({ params, identity }, { runAsCaller }) => ({
    status: 200,
    body: toApiKey(await runAsCaller(identity, (tx) => revokeApiKey(tx, params.apiKey))),
  }),
});
