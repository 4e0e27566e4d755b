import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf, parsedJson, parsedJsonObject } from './parts.ts';

const eventName = () =>
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,126}$/, {
    error: 'must be 1 to 127 letters, digits and . _ : / -, such as order.paid',
  });

/** Something that happened in the app. */
export const appEvent = z.strictObject({
  id: id(),
  workspaceId: id(),
  name: z.string(),
  data: parsedJson(),
  idempotencyKey: z.string().nullable(),
  actor: z.strictObject({ kind: z.enum(['user', 'service', 'sql_role', 'api_key']), userId: id().nullable(), name: z.string() }),
  createdAt: moment(),
});
/** Something that happened in the app. */
export type AppEvent = z.infer<typeof appEvent>;

/** A page of events, newest first. */
export const appEventPage = pageOf(appEvent);

/** Body of `POST /events`. */
export const emitEventBody = z.strictObject({
  name: eventName(),
  data: parsedJsonObject().optional().describe('Default: an empty object; at most 256 KiB.'),
  workspace: id().optional().describe("Default: the caller's only workspace."),
});

/** Query of `GET /events`. */
export const listAppEventsQuery = z.strictObject({
  workspace: id().optional(),
  name: eventName().optional(),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});
