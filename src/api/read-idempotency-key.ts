import { PlatformError } from '@durabase/contracts';
import type { Request } from 'express';

const KEY = /^[\x20-\x7e]{1,200}$/;

/** The header Idempotency-Key. Throws INVALID_REQUEST when it cannot be a key. */
export function readIdempotencyKey(request: Request): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined || KEY.test(key)) return key;
  throw new PlatformError('INVALID_REQUEST', {
    message: 'the header Idempotency-Key must have 1 to 200 printable ASCII characters',
    hint: 'use a uuid for each thing that shall happen once',
    path: 'Idempotency-Key',
  });
}
