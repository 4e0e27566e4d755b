import { listStepsQuery, runParams, runStepPage } from '@durabase/contracts/api/run';
import { fromMicros, readCursor, stepCursor, toMicros } from '../../cursor.ts';
import { toRunStep } from '../../mappers/run-step.ts';
import { listSteps } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listStepsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run/steps',
  access: 'caller',
  summary: 'Steps of a run, in the order in which they started.',
  params: runParams,
  query: listStepsQuery,
  answers: { 200: runStepPage },
  handler: async ({ params, query: { cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(stepCursor, cursor);
    const after = position && { startedAt: fromMicros(position[0]), stepId: position[1], iteration: position[2] };
    const rows = await runAsCaller(identity, (tx) => listSteps(tx, { runId: params.run, after, limit: limit + 1 }));
    const body = toPage({
      rows,
      limit,
      toItem: toRunStep,
      positionOf: (row) => [toMicros(row.started_at), row.step_id, row.iteration],
    });
    return { status: 200, body };
  },
});
