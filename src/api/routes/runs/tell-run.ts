import { runParams } from '@durabase/contracts/api/run';
import { runStory } from '@durabase/contracts/api/run-story';
import { tellStory } from '../../../domain/story/tell-story.ts';
import { toRunEvent } from '../../mappers/run-event.ts';
import { explainRun } from '../../queries/lineage.ts';
import { listPlannedSteps } from '../../queries/run-story.ts';
import { findRun, listEvents } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

const MAX_EVENTS = 1_000;

export const tellRunRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run/story',
  access: 'caller',
  summary: 'A run in plain sentences: what happened, what failed and why, what it waits for, what comes next.',
  params: runParams,
  answers: { 200: runStory },
  handler: async ({ params: { run: runId }, identity }, { runAsCaller, linkToTemporal }) => {
    const { run, events, planned, summary } = await runAsCaller(identity, async (tx) => ({
      run: await findRun(tx, runId),
      events: await listEvents(tx, { runId, after: 0, limit: MAX_EVENTS }),
      planned: await listPlannedSteps(tx, runId),
      summary: (await explainRun(tx, runId)).summary,
    }));
    const begunIds = new Set(planned.filter(({ hasBegun }) => hasBegun).map(({ id }) => id));
    const story = tellStory({ state: run.state, events: events.map(toRunEvent), planned, begunIds, summary });
    const isWhole = run.event_seq <= (events.at(-1)?.seq ?? 0);
    return { status: 200, body: { runId, state: run.state, ...story, isWhole, temporalUrl: linkToTemporal(run.workflow_id) } };
  },
});
