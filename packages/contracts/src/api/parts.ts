import { z } from 'zod';
import type { Json, JsonObject } from '../json.ts';

/** A JSON value that the reader of bodies has checked already: walking it once more by a schema would cost the hot path. */
export const parsedJson = (): z.ZodType<Json> => z.unknown() as unknown as z.ZodType<Json>;

/** A JSON object that the reader of bodies has checked already. */
export const parsedJsonObject = (): z.ZodType<JsonObject> =>
  z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;

/** A moment, such as `2026-11-21T07:00:00.000Z`. */
export const moment = () => z.iso.datetime();

/** An id of ours, or of a user. */
export const id = () => z.guid({ error: 'must be a uuid' });

/** A task by its slug or its id. */
export const taskReference = () => z.string().regex(/^[A-Za-z0-9-]{1,63}$/, { error: 'must be the slug or the id of a task' });

/** How many items a page has at most. */
export const pageLimit = ({ max, usual }: { readonly max: number; readonly usual: number }) =>
  z
    .string()
    .regex(/^\d{1,6}$/, { error: 'must be a whole number' })
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual)
    .meta({ type: 'integer', minimum: 1, maximum: max, description: `Of a page; default: ${usual}.` });

/** Number of the last event or change that the caller has; 0: none. */
export const afterNumber = () =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: 'must be the number of an event or a change' })
    .transform(Number)
    .meta({ type: 'integer', minimum: 0 });

/** `nextCursor` of the page before; opaque. */
export const cursor = () => z.string().min(1).max(500).optional();

/** One page: its items, and where the next one starts; `null` on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
