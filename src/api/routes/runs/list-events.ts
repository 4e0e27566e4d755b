import { listEventsQuery, runEventList, runParams } from '@durabase/contracts/api/run';
import { toRunEvent } from '../../mappers/run-event.ts';
import { listEvents } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';
import { followRun } from '../../streams/follow-run.ts';

export const listEventsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run/events',
  access: 'caller',
  summary: "A run's feed after a number; as a stream also what is to come, until the run has ended.",
  params: runParams,
  query: listEventsQuery,
  answers: { 200: runEventList },
  handler: async ({ params, query: { after, limit }, identity }, { runAsCaller }) => {
    const rows = await runAsCaller(identity, (tx) => listEvents(tx, { runId: params.run, after, limit }));
    return { status: 200, body: { items: rows.map(toRunEvent), lastSeq: rows.at(-1)?.seq ?? after } };
  },
  stream: ({ params, query: { after }, lastEventId = after }) => followRun({ runId: params.run, after: lastEventId }),
});
