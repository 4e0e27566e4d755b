import { health } from '@durabase/contracts/api/operations';
import { defineRoute } from '../../route.ts';

export const getHealthRoute = defineRoute({
  method: 'GET',
  path: '/healthz',
  access: 'public',
  summary: 'Whether this process lives.',
  answers: { 200: health },
  handler: async () => ({ status: 200, body: { status: 'ok' } }),
});
