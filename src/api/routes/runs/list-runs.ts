import { listRunsQuery, runPage } from '@durabase/contracts/api/run';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toRun } from '../../mappers/run.ts';
import { listRuns } from '../../queries/runs.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listRunsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs',
  access: 'caller',
  summary: 'Runs that the caller sees, newest first.',
  query: listRunsQuery,
  answers: { 200: runPage },
  handler: async ({ query, identity }, { runAsCaller }) => {
    const { workspace, task, states, errorCode, q: search, actor: actorId, since, until, cursor, limit } = query;
    const position = readCursor(creationCursor, cursor);
    const place = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const before = until === undefined ? place : earlier(place, { createdAt: until, id: LOWEST_ID });
    const rows = await runAsCaller(identity, async (tx) => {
      const taskId = task === undefined ? undefined : (await findTask(tx, { task, workspace })).task.id;
      return listRuns(tx, { workspace, taskId, states, errorCode, search, actorId, since, before, limit: limit + 1 });
    });
    return { status: 200, body: toPage({ rows, limit, toItem: toRun, positionOf: (row) => [toMicros(row.created_at), row.id] }) };
  },
});

/** Nothing made at that very time comes before it. */
const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

interface Place {
  readonly createdAt: string;
  readonly id: string;
}

/** Where to begin: after the page before, and not after `until`. A page in between has gone further than `until` already. */
const earlier = (place: Place | undefined, end: Place): Place =>
  place !== undefined && Date.parse(place.createdAt) < Date.parse(end.createdAt) ? place : end;
