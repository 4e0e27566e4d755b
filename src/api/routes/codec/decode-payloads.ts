import { codecBody, codecPayloads, codecQuery } from '@durabase/contracts/api/codec';
import { defineRoute } from '../../route.ts';

export const decodePayloadsRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/codec/decode',
  access: 'caller',
  summary:
    "Decodes payloads for Temporal's Web UI and CLI: those of workspaces whose runs the caller sees, all of them; others stay as they are.",
  query: codecQuery,
  body: codecBody,
  answers: { 200: codecPayloads },
  handler: async ({ body: { payloads }, identity }, { codecDesk }) => ({
    status: 200,
    body: { payloads: await codecDesk.decode(identity, payloads) },
  }),
});
