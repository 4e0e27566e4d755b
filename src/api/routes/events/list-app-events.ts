import { appEventPage, listAppEventsQuery } from '@durabase/contracts/api/event';
import { idCursor, readCursor } from '../../cursor.ts';
import { toAppEvent } from '../../mappers/app-event.ts';
import { listAppEvents } from '../../queries/events.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listAppEventsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/events',
  access: 'caller',
  summary: 'Events of the app that the caller sees, newest first.',
  query: listAppEventsQuery,
  answers: { 200: appEventPage },
  handler: async ({ query: { workspace, name, cursor, limit }, identity }, { runAsCaller }) => {
    const [beforeId] = readCursor(idCursor, cursor) ?? [];
    const rows = await runAsCaller(identity, (tx) => listAppEvents(tx, { workspace, name, beforeId, limit: limit + 1 }));
    return {
      status: 200,
      body: toPage({ rows, limit, toItem: toAppEvent, positionOf: (row) => [row.id] }),
    };
  },
});
