import { instanceSettings, updateSettingsBody } from '@durabase/contracts/api/people';
import { toInstanceSettings } from '../../mappers/people.ts';
import { updateSettings } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const updateSettingsRoute = defineRoute({
  method: 'PATCH',
  path: '/api/v1/instance-settings',
  access: 'caller',
  summary: 'Changes those settings that are named. For admins of the instance.',
  body: updateSettingsBody,
  answers: { 200: instanceSettings },
  handler: async ({ body, identity }, { runAsCaller }) => {
    const settings = Object.fromEntries(Object.entries(body).map(([name, value]) => [toColumn(name), value]));
    const row = await runAsCaller(identity, (tx) => updateSettings(tx, settings));
    return { status: 200, body: toInstanceSettings(row) };
  },
});

/** SQL names its settings as its columns. */
function toColumn(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
