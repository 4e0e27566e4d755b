import { PlatformError } from '@durabase/contracts';
import { afterNumber } from '@durabase/contracts/api/parts';
import type { Request } from 'express';

const schema = afterNumber();

/** Number of the last message that a client had when it was cut off. Throws INVALID_REQUEST. */
export function readLastEventId(request: Request): number | undefined {
  const given = request.get('last-event-id');
  if (given === undefined) return undefined;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new PlatformError('INVALID_REQUEST', {
    message: `the header Last-Event-ID ${parsed.error.issues[0]?.message ?? 'is not valid'}`,
    hint: 'send the id of the last message that you had, or leave the header out and name the number in ?after=',
    path: 'Last-Event-ID',
  });
}
