import { run, startRunBody } from '@durabase/contracts/api/run';
import { defineRoute } from '../../route.ts';
import { startRun } from '../../start-run.ts';

export const startRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs',
  access: 'caller',
  summary: 'Starts a run of the task that the body names.',
  body: startRunBody,
  takesIdempotencyKey: true,
  answers: { 200: run, 201: run },
  handler: ({ body, identity, idempotencyKey }, ports) => startRun({ ...body, identity, idempotencyKey }, ports),
});
