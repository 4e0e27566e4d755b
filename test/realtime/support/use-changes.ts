import { expect } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import type { RawSocket } from './raw-socket.ts';
import type { UsedRealtime } from './use-realtime.ts';

export interface ChangePayload {
  readonly ids: readonly number[];
  readonly data: Readonly<Record<string, unknown>> & { readonly record?: Readonly<Record<string, unknown>> };
}

/** A socket whose bindings work. */
export interface Subscribed {
  readonly raw: RawSocket;
  readonly topic: string;
  /** Numbers of the bindings, in the order of the wishes. */
  readonly ids: readonly number[];
  readonly changes: () => readonly ChangePayload[];
}

export interface UsedChanges {
  /** Adds a row that everybody may see, and says its number. */
  addNews(title?: string): Promise<number>;
  /** A number for a row of the caller's own. */
  nextNewsId(): number;
  subscribe(bindings: readonly unknown[], userId?: string, options?: { readonly apikey?: string }): Promise<Subscribed>;
  /** Adds news and waits until it has come: whatever changed before it has been told by then. */
  settle(subscribed: Subscribed): Promise<void>;
}

export const binding = (table: string, more: object = {}) => ({ event: '*', schema: 'public', table, ...more });

export const changesOf = (raw: RawSocket): readonly ChangePayload[] =>
  raw.frames.filter((frame) => frame.event === 'postgres_changes').map((frame) => frame.payload as unknown as ChangePayload);

/** Call it at the top of a file. */
export const useChanges = (realtime: UsedRealtime): UsedChanges => {
  let newsId = 0;
  let topicCount = 0;
  const nextNewsId = (): number => (newsId += 1);
  const addNews = async (title = ''): Promise<number> => {
    const id = nextNewsId();
    await realtime.db.owner.query('insert into news (id, title, secret) values ($1, $2, $2)', [id, title]);
    return id;
  };
  return {
    addNews,
    nextNewsId,
    subscribe: async (bindings, userId, options = {}) => {
      const raw = await realtime.raw(options);
      const topic = `realtime:changes-${(topicCount += 1)}`;
      const token = userId === undefined ? undefined : await realtime.token(userId);
      const { payload } = await raw.join(topic, { postgres_changes: bindings }, token);
      expect(payload['status']).toBe('ok');
      const system = await raw.find((frame) => frame.event === 'system');
      expect(system.payload).toMatchObject({ status: 'ok', message: 'Subscribed to PostgreSQL', extension: 'postgres_changes' });
      const echo = (payload['response'] as { readonly postgres_changes: readonly { readonly id: number }[] }).postgres_changes;
      return { raw, topic, ids: echo.map(({ id }) => id), changes: () => changesOf(raw) };
    },
    settle: async ({ changes }) => {
      const id = await addNews('settle');
      await eventually(() => expect(changes().some(({ data }) => data.record?.['id'] === id)).toBe(true));
    },
  };
};
