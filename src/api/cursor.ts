import { PlatformError } from '@durabase/contracts';
import { z } from 'zod';

/** Microseconds since 1970 as digits: Postgres's full precision, which Date would cut off, in a form that cannot be malformed. */
const micros = z.string().regex(/^\d{1,17}$/);

/** Where a page by creation ended. */
export const creationCursor = z.tuple([micros, z.guid()]);
/** Where a page of steps ended. */
export const stepCursor = z.tuple([micros, z.string().max(100), z.int().min(-1).max(2_147_483_647)]);
/** Where a page by ids ended. */
export const idCursor = z.tuple([z.guid()]);
/** Where a page by slugs ended. */
export const slugCursor = z.tuple([z.string().max(63), z.guid()]);
/** Where a page by number ended. */
export const numberCursor = z.tuple([z.int().min(0)]);

/** A cursor is opaque to callers: it may hold something else tomorrow. */
export const writeCursor = (parts: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Throws INVALID_REQUEST when the text is no cursor of this list. */
export function readCursor<Parts extends z.ZodType>(schema: Parts, text: string | undefined): z.output<Parts> | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'the cursor is not one of this list',
      path: 'cursor',
      hint: 'pass nextCursor of the page before',
      cause,
    });
  }
}

/** Digits of a timestamp as Postgres writes it into JSON. */
export function toMicros(timestamp: string): string {
  const ms = Math.floor(Date.parse(timestamp));
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? '';
  return String(BigInt(ms) * 1_000n + BigInt(fraction.padEnd(6, '0').slice(3, 6)));
}

/** The inverse of {@link toMicros}, for a parameter of type timestamptz. */
export function fromMicros(digits: string): string {
  const all = BigInt(digits);
  const ms = new Date(Number(all / 1_000n)).toISOString();
  return ms.replace('Z', `${String(all % 1_000n).padStart(3, '0')}Z`);
}
