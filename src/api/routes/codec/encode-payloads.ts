import { codecBody, codecPayloads, codecQuery } from '@durabase/contracts/api/codec';
import { defineRoute } from '../../route.ts';

export const encodePayloadsRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/codec/encode',
  access: 'caller',
  summary: "Encodes payloads in the name of the instance, for its admins who start workflows by Temporal's CLI.",
  query: codecQuery,
  body: codecBody,
  answers: { 200: codecPayloads },
  handler: async ({ body: { payloads }, identity }, { codecDesk }) => ({
    status: 200,
    body: { payloads: await codecDesk.encode(identity, payloads) },
  }),
});
