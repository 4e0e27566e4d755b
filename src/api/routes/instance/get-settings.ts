import { instanceSettings } from '@durabase/contracts/api/people';
import { toInstanceSettings } from '../../mappers/people.ts';
import { readSettings } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const getSettingsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/instance-settings',
  access: 'caller',
  summary: 'Settings of the instance, for its admins.',
  answers: { 200: instanceSettings },
  handler: async ({ identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => readSettings(tx));
    return { status: 200, body: toInstanceSettings(row) };
  },
});
