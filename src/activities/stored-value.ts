import { createHash } from 'node:crypto';
import { type Json, PlatformError } from '@durabase/contracts';
import { escapeUnstorable } from '../domain/unstorable.ts';
import type { StoredPayload } from '../ports/mirror.ts';

/** Above this many bytes a value is stored apart and travels by reference: 32 KB. */
export const INLINE_MAX_BYTES = 32_768;
/** Largest output of a step: 5 MB. */
export const OUTPUT_MAX_BYTES = 5_000_000;
const PREVIEW_LENGTH = 200;

/** Whether a value is small enough to stand in rows and histories. */
export const isInline = (value: Json): boolean => Buffer.byteLength(JSON.stringify(value)) <= INLINE_MAX_BYTES;

/** A result in the form in which it is stored: escaped, and apart from its row when it is large. Throws OUTPUT_TOO_LARGE. */
export function toStoredValue(value: Json): { readonly output: Json } | { readonly payload: StoredPayload } {
  const output = escapeUnstorable(value);
  const text = JSON.stringify(output);
  const bytes = Buffer.byteLength(text);
  if (bytes > OUTPUT_MAX_BYTES) {
    throw new PlatformError('OUTPUT_TOO_LARGE', {
      message: `the output has ${bytes} bytes, at most ${OUTPUT_MAX_BYTES} are kept`,
      hint: 'return an address of the data instead of the data',
    });
  }
  if (bytes <= INLINE_MAX_BYTES) return { output };
  const preview = text.slice(0, PREVIEW_LENGTH).replace(/[\uD800-\uDBFF]$/, '');
  return { payload: { sha256: createHash('sha256').update(text).digest('hex'), bytes, preview, body: output } };
}
