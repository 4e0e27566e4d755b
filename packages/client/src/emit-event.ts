import type { JsonObject } from '@durabase/contracts/json';
import type { AppEvent } from '@durabase/contracts/api/event';
import { DurabaseError } from './errors.ts';
import { readActed, rowsOf } from './runs/read-rows.ts';
import type { Calls } from './supabase/create-calls.ts';
import { repeatWithKey } from './supabase/repeat-with-key.ts';

/** How to tell of an event. */
export interface EmitOptions {
  /** Id of the workspace. @default the caller's own one, or the only one that he is in */
  readonly workspace?: string | undefined;
  /**
   * The same key makes one event, however often it is sent; with another event it is refused. With a key, a call that got no
   * answer is repeated by itself, twice. 1 to 200 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /** Stops waiting for the answer; the event may have been kept all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Things that happen in the app, for which steps wait. */
export interface Events {
  /**
   * Tells that something happened. Steps that wait for it go on, also those of runs that began before and wait for it later.
   * `name`: 1 to 127 letters, digits and `. _ : / -`; `data`: at most 256 KiB.
   * Throws WORKSPACE_NOT_FOUND, WORKSPACE_AMBIGUOUS, FORBIDDEN, INVALID_REQUEST, IDEMPOTENCY_CONFLICT, BODY_TOO_LARGE,
   * UNAUTHENTICATED, UNREACHABLE.
   *
   * @example
   * await durabase.events.emit('order.paid', { orderId: 7 }, { idempotencyKey: 'order-7-paid' });
   */
  emit(name: string, data?: JsonObject, options?: EmitOptions): Promise<AppEvent>;
}

export const createEvents = (calls: Calls): Events => ({
  emit: (name, data, { workspace, idempotencyKey, signal } = {}) =>
    repeatWithKey(idempotencyKey, async () => {
      const args = { name, data, workspace, idempotency_key: idempotencyKey };
      const [row] = rowsOf(await calls.call('emit_event', args, signal));
      if (row === undefined) throw new DurabaseError('INTERNAL', { message: 'emit_event answered nothing' });
      // Its data is the caller's own and never escaped.
      return { ...readActed(row), data: row['data'] ?? null } as unknown as AppEvent;
    }),
});
