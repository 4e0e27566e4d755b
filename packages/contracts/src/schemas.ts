import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import type { Json, JsonObject } from './json.ts';

/** A duration as text, such as `10 minutes`. */
export const duration = () =>
  z.string().refine((text) => parseDurationMs(text) !== undefined, {
    error: 'is no duration; write for example "30 seconds", "10 minutes" or "2 days"',
  });

/** Any JSON value. */
export const json = (): z.ZodType<Json> => z.json() as unknown as z.ZodType<Json>;

/** Any JSON object. */
export const jsonObject = (): z.ZodType<JsonObject> => z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;

/** Lower-case words joined by hyphens, 1 to 63 characters. */
export const slug = () =>
  z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'must be 1 to 63 lower-case letters, digits and inner hyphens',
  });
