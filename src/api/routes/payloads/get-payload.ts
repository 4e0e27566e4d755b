import { payload, payloadParams } from '@durabase/contracts/api/operations';
import { toResult } from '../../mappers/values.ts';
import { getPayload } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

export const getPayloadRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/payloads/:payload',
  access: 'caller',
  summary: 'A large value that stands in its row as a reference.',
  params: payloadParams,
  answers: { 200: payload },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const value = await runAsCaller(identity, (tx) => getPayload(tx, params.payload));
    return { status: 200, body: { id: params.payload, value: toResult(value) } };
  },
});
