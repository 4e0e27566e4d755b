import { createApiKeyBody, createdApiKey, repeatedApiKey } from '@durabase/contracts/api/api-key';
import { answerMade } from '../../answer-made.ts';
import { toApiKey } from '../../mappers/api-key.ts';
import { once } from '../../once.ts';
import { createApiKey, findApiKey } from '../../queries/api-keys.ts';
import { defineRoute } from '../../route.ts';

export const createApiKeyRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/api-keys',
  access: 'caller',
  summary: 'Makes an API key of the caller. The key is shown this once.',
  body: createApiKeyBody,
  takesIdempotencyKey: true,
  answers: { 200: repeatedApiKey, 201: createdApiKey },
  refuses: ['API_KEY_NOT_FOUND'],
  handler: async ({ body, identity, idempotencyKey }, { runAsCaller }) => {
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'createApiKey', key: idempotencyKey, asked: body },
        {
          make: () => createApiKey(tx, body),
          remember: ({ api_key: { id } }) => id,
          recall: (id) => findApiKey(tx, id),
        },
      ),
    );
    const { api_key: row, key } = made;
    return answerMade({ ...toApiKey(row), key }, { isReplayed, location: `/api/v1/api-keys/${row.id}` });
  },
});
