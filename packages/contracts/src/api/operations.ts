import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf, parsedJson } from './parts.ts';

/** A large value that stands in its row as a reference. */
export const payload = z.strictObject({ id: id(), value: parsedJson() });
/** Parameters of `GET /payloads/{payload}`. */
export const payloadParams = z.strictObject({ payload: id() });

/** A difference that was found between Temporal and the mirror. */
export const driftLine = z.strictObject({
  id: z.int(),
  foundAt: moment(),
  kind: z.string(),
  runId: id().nullable(),
  workspaceId: id().nullable(),
  workflowId: z.string(),
  temporalRunId: z.string().nullable(),
  mirrorSaid: z.string().nullable(),
  temporalSaid: z.string().nullable(),
  isMended: z.boolean(),
  note: z.string(),
});
/** A difference that was found between Temporal and the mirror. */
export type DriftLine = z.infer<typeof driftLine>;
/** A page of differences, newest first. */
export const driftPage = pageOf(driftLine);
/** Query of `GET /drift`. */
export const listDriftQuery = z.strictObject({ cursor: cursor(), limit: pageLimit({ max: 200, usual: 50 }) });

/** Answer of `GET /healthz`. */
export const health = z.strictObject({ status: z.literal('ok') });

/** Answer of `GET /readyz`. Runs are accepted unless it is `unavailable`; `degraded`: nobody executes them now. */
export const readiness = z.strictObject({
  status: z.enum(['ready', 'degraded', 'unavailable']),
  parts: z.strictObject({
    database: z.strictObject({ status: z.enum(['ok', 'unavailable']) }),
    workers: z.strictObject({ status: z.enum(['ok', 'none', 'unknown']), polling: z.int().nullable() }),
  }),
});
/** Answer of `GET /readyz`. */
export type Readiness = z.infer<typeof readiness>;
