import { me } from '@durabase/contracts/api/people';
import { readMe } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const getMeRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/me',
  access: 'caller',
  summary: 'Who the caller is: his workspaces with his roles, and what limits him.',
  answers: { 200: me },
  handler: async ({ identity }, { runAsCaller }) => ({ status: 200, body: await runAsCaller(identity, readMe) }),
});
