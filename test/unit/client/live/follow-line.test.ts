import { afterEach, describe, expect, it } from '@jest/globals';
import { DurabaseError } from '../../../../packages/client/src/errors.ts';
import { followLine, type FollowedLine, type LineOptions } from '../../../../packages/client/src/live/follow-line.ts';
import type { Surrounding } from '../../../../packages/client/src/live/surroundings.ts';
import type { TopicListener } from '../../../../packages/client/src/live/shared-channel.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Item, itemsOf, placeAt, RULES } from '../follower/follower-model.ts';

const opened: FollowedLine[] = [];
afterEach(() => {
  for (const line of opened.splice(0)) line.tell('stopped');
});

/** A line in memory, with topics that the test speaks on. */
const open = (changes: Partial<LineOptions<Item>['line']> = {}, rules: Partial<LineOptions<Item>['rules']> = {}) => {
  const listeners = new Map<string, TopicListener>();
  const around = new Set<(what: Surrounding) => void>();
  const noted = { items: [] as number[], connections: [] as string[], endings: [] as string[], ready: 0, last: 0 };
  const line = followLine<Item>({
    line: {
      look: async () => placeAt(noted.last),
      fetch: async (after) => itemsOf(after + 1, noted.last),
      readMessage: (_, payload) => payload as { readonly last: number },
      ...changes,
    },
    rules: { ...RULES, ...rules },
    after: 0,
    hub: {
      join: (topic, listener) => void listeners.set(topic, listener),
      leave: (topic) => void listeners.delete(topic),
      whenUnused: async () => {},
    },
    surroundings: (listener) => {
      around.add(listener);
      return () => void around.delete(listener);
    },
    onItems: (items) => noted.items.push(...items.map(({ seq }) => seq)),
    onResync: (after) => noted.items.push(-after),
    onConnection: ({ state }) => noted.connections.push(state),
    onEnd: (ending, error) => noted.endings.push(`${ending.kind} ${error?.code ?? ''}`.trim()),
    onReady: () => {
      noted.ready += 1;
    },
  });
  opened.push(line);
  const joinAll = async (): Promise<void> => {
    await eventually(() => expect(listeners.size).toBe(2));
    for (const listener of listeners.values()) listener({ type: 'joined' });
    await eventually(() => expect(noted.connections.at(-1)).toBe('live'));
  };
  return { line, listeners, around, noted, joinAll };
};

describe('a line that is followed', () => {
  it('goes from looking to live, and hands out what messages announce', async () => {
    const { listeners, noted, joinAll } = open();
    noted.last = 3;
    await joinAll();
    noted.last = 5;
    listeners.get('news:1')?.({ type: 'message', event: 'events', payload: { last: 5 } });
    await eventually(() => expect(noted.items).toEqual([1, 2, 3, 4, 5]));
    expect([noted.connections, noted.ready]).toEqual([['catching up', 'live'], 1]);
  });

  it('looks anew when rights moved, and goes over to the new topics', async () => {
    let epoch = 1;
    const { listeners, joinAll } = open({
      look: async () => placeAt(0, { topic: `news:${epoch}`, movesTopic: `moves:${epoch}` }),
    });
    await joinAll();
    epoch = 2;
    listeners.get('moves:1')?.({ type: 'message', event: 'moved', payload: {} });
    await eventually(() => expect([...listeners.keys()]).toEqual(['news:2', 'moves:2']));
  });

  it('keeps asking however long its own work takes', async () => {
    const blockMs = 15;
    let looks = 0;
    let last = 0;
    const { noted } = open(
      {
        look: async () => {
          looks += 1;
          const untilMs = performance.now() + blockMs;
          while (performance.now() < untilMs); // a busy page
          return placeAt(last);
        },
        fetch: async (after) => itemsOf(after + 1, last),
      },
      { fastCheckMs: blockMs / 3 },
    );
    await eventually(() => expect(looks).toBeGreaterThan(20));
    last = 2;
    await eventually(() => expect(noted.items).toEqual([1, 2]));
  });

  it('ends with the reason, leaves everything, and says it once', async () => {
    let failure: DurabaseError | undefined;
    const { line, listeners, around, noted, joinAll } = open({
      look: async () => {
        if (failure !== undefined) throw failure;
        return placeAt(0);
      },
    });
    await joinAll();
    failure = new DurabaseError('RUN_NOT_FOUND');
    line.tell('woken');
    await eventually(() => expect(noted.endings).toEqual(['no access NO_ACCESS']));
    line.tell('stopped');
    expect([listeners.size, around.size, noted.endings.length, noted.connections.at(-1)]).toEqual([0, 0, 1, 'no access']);
  });

  it.each([
    ['failed INVALID_REQUEST', new DurabaseError('INVALID_REQUEST')],
    ['failed INTERNAL', new TypeError('a bug')],
    ['no access NO_ACCESS', new DurabaseError('FORBIDDEN')],
  ])('ends as %s where the first look says so', async (ending, error) => {
    const { noted } = open({ look: () => Promise.reject(error) });
    await eventually(() => expect(noted.endings).toEqual([ending]));
  });

  it('hands out a resync where numbers were pruned, and retries what is unreachable', async () => {
    const refusals = [new DurabaseError('CHANGES_PRUNED'), new DurabaseError('UNREACHABLE')];
    const { noted } = open(
      {
        fetch: async (after) => {
          const refusal = refusals.shift();
          if (refusal !== undefined) throw refusal;
          return itemsOf(after + 1, noted.last);
        },
      },
      { firstBackOffMs: 1 },
    );
    noted.last = 7;
    await eventually(() => expect(noted.items).toEqual([-7]));
    noted.last = 9;
    await eventually(() => expect(noted.items).toEqual([-7, 8, 9]));
    expect(noted.connections).toContain('reconnecting');
  });

  it('is signed out with the user, and does nothing with answers that come later', async () => {
    let finish = (): void => {};
    const { around, noted } = open({
      look: async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return placeAt(3);
      },
    });
    for (const tell of around) tell('signed-out');
    finish();
    await Promise.resolve();
    expect([noted.endings, noted.items, noted.connections.at(-1)]).toEqual([['signed out SIGNED_OUT'], [], 'signed out']);
  });
});
