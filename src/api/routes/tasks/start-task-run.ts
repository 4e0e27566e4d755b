import { run, startTaskRunBody } from '@durabase/contracts/api/run';
import { taskParams } from '@durabase/contracts/api/task';
import { defineRoute } from '../../route.ts';
import { startRun } from '../../start-run.ts';

export const startTaskRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/:task/runs',
  access: 'caller',
  summary: 'Starts a run of this task. The answer is the acknowledgement: the run is never lost from then on.',
  params: taskParams,
  body: startTaskRunBody,
  takesIdempotencyKey: true,
  answers: { 200: run, 201: run },
  handler: ({ params, body, identity, idempotencyKey }, ports) =>
    startRun({ ...params, ...body, identity, idempotencyKey }, ports),
});
