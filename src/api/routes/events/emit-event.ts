import { appEvent, emitEventBody } from '@durabase/contracts/api/event';
import { answerMade } from '../../answer-made.ts';
import { toAppEvent } from '../../mappers/app-event.ts';
import { emitEvent } from '../../queries/events.ts';
import { defineRoute } from '../../route.ts';

export const emitEventRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/events',
  access: 'caller',
  summary: 'Tells that something happened in the app. Steps that wait for it go on.',
  body: emitEventBody,
  takesIdempotencyKey: true,
  answers: { 200: appEvent, 201: appEvent },
  handler: async ({ body: { name, data, workspace }, identity, idempotencyKey }, { runAsCaller, wake }) => {
    const emitted = await runAsCaller(identity, (tx) => emitEvent(tx, { name, data, workspace, idempotencyKey }));
    wake();
    const { event, isReplayed } = emitted;
    return answerMade(toAppEvent(event), { isReplayed });
  },
});
