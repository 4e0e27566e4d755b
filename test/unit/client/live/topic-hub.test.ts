import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { TopicNews } from '../../../../packages/client/src/live/shared-channel.ts';
import { createTopicHub } from '../../../../packages/client/src/live/topic-hub.ts';
import { createRealtimeModel } from './realtime-model.ts';

/** Everything that was put off has happened. */
const settle = (): Promise<void> => delay(5);

const setUp = () => {
  const world = createRealtimeModel();
  const hub = createTopicHub(world.realtime);
  const listen = (topic: string) => {
    const news: TopicNews[] = [];
    const listener = (one: TopicNews): void => void news.push(one);
    hub.join(topic, listener);
    return { news, leave: () => hub.leave(topic, listener), join: () => hub.join(topic, listener) };
  };
  return { ...world, hub, listen };
};

const refusal = new Error('Unauthorized: no', { cause: { reason: 'Unauthorized: no' } });

describe('a topic', () => {
  it('is joined with a token, and shared by all who listen', async () => {
    const { listen, log, opened } = setUp();
    const first = listen('a');
    const second = listen('a');
    await settle();
    expect(log).toEqual(['setAuth', 'subscribe a']);
    opened[0]?.report('SUBSCRIBED');
    opened[0]?.receive({ event: 'events', payload: { seq: 1 } });
    const expected = [{ type: 'joined' }, { type: 'message', event: 'events', payload: { seq: 1 } }];
    expect([first.news, second.news]).toEqual([expected, expected]);
    const late = listen('a');
    await settle();
    expect(late.news).toEqual([{ type: 'joined' }]);
    expect(opened.length).toBe(1);
  });

  it('is left with its last listener, and joined anew only when the old channel is gone', async () => {
    const { listen, model, log, opened, channels } = setUp();
    const first = listen('a');
    const second = listen('a');
    await settle();
    opened[0]?.report('SUBSCRIBED');
    first.leave();
    await settle();
    expect(opened[0]?.isRemoved).toBe(false);
    let finish = (): void => {};
    model.removal = new Promise((resolve) => {
      finish = resolve;
    });
    second.leave();
    await settle();
    const third = listen('a');
    await settle();
    expect(log).toEqual(['setAuth', 'subscribe a', 'remove a']);
    finish();
    await settle();
    expect(log).toEqual(['setAuth', 'subscribe a', 'remove a', 'setAuth', 'subscribe a']);
    expect([opened.length, channels.length, third.news]).toEqual([2, 1, []]);
  });

  it('that is left and taken again in the same turn stays', async () => {
    const { listen, opened } = setUp();
    const first = listen('a');
    await settle();
    opened[0]?.report('SUBSCRIBED');
    first.leave();
    const second = listen('a');
    await settle();
    expect([opened.length, opened[0]?.isRemoved, second.news]).toEqual([1, false, [{ type: 'joined' }]]);
  });

  it('that is left before the token came is never joined, and can be joined later', async () => {
    const { listen, model, log } = setUp();
    let finish = (): void => {};
    model.auth = new Promise((resolve) => {
      finish = resolve;
    });
    const first = listen('a');
    await settle();
    first.leave();
    finish();
    await settle();
    expect(log).toEqual(['setAuth']);
    listen('a');
    await settle();
    expect(log).toEqual(['setAuth', 'setAuth', 'subscribe a']);
  });

  it('that is refused is told with the words of the server, and its channel removed, but not at once', async () => {
    const { listen, opened, channels } = setUp();
    const { news, join } = listen('a');
    await settle();
    opened[0]?.report('CHANNEL_ERROR', refusal);
    expect(news).toEqual([{ type: 'refused', reason: 'Unauthorized: no' }]);
    await settle();
    expect([opened[0]?.isRemoved, channels.length]).toEqual([true, 0]);
    join();
    await settle();
    opened[1]?.report('SUBSCRIBED');
    expect(news.at(-1)).toEqual({ type: 'joined' });
  });

  it('that is lost joins again by itself; asked again, its channel is replaced, but not without a socket', async () => {
    const { listen, model, realtime, log, opened } = setUp();
    const { news, join } = listen('a');
    await settle();
    opened[0]?.report('SUBSCRIBED');
    opened[0]?.report('CHANNEL_ERROR', new Error('socket closed: 1006', { cause: { code: 1006, reason: '' } }));
    opened[0]?.report('TIMED_OUT');
    expect(news.slice(1)).toEqual([
      { type: 'lost', reason: 'socket closed: 1006' },
      { type: 'lost', reason: 'the server does not answer' },
    ]);
    model.isUp = false;
    join();
    await settle();
    expect([realtime.isConnected(), log.at(-1), opened.length]).toEqual([false, 'connect', 1]);
    model.isUp = true;
    join();
    await settle();
    expect([opened.length, opened[0]?.isRemoved]).toEqual([2, true]);
    opened[0]?.report('SUBSCRIBED');
    expect(news.length).toBe(3);
    opened[1]?.report('SUBSCRIBED');
    expect(news.at(-1)).toEqual({ type: 'joined' });
  });

  it('that the server closed is told, and joined anew only when asked', async () => {
    const { listen, opened, channels } = setUp();
    const { news, join } = listen('a');
    await settle();
    opened[0]?.report('SUBSCRIBED');
    channels.splice(0); // supabase-js forgets a closed channel itself
    opened[0]?.report('CLOSED');
    await settle();
    expect([news.at(-1), opened.length]).toEqual([{ type: 'closed', reason: 'the channel was closed' }, 1]);
    join();
    await settle();
    expect(opened.length).toBe(2);
  });

  it('whose channel cannot even be opened counts as closed', async () => {
    const { realtime, ...world } = createRealtimeModel();
    const hub = createTopicHub({
      ...realtime,
      channel: () => {
        throw new Error('WebSocket not available');
      },
    });
    const news: TopicNews[] = [];
    hub.join('a', (one) => news.push(one));
    await settle();
    expect([news, world.opened.length]).toEqual([[{ type: 'closed', reason: 'WebSocket not available' }], 0]);
  });
});

describe('all topics', () => {
  it('fetch the token once for those that are joined together', async () => {
    const { listen, log } = setUp();
    for (const topic of ['a', 'b', 'c']) listen(topic);
    await settle();
    expect(log).toEqual(['setAuth', 'subscribe a', 'subscribe b', 'subscribe c']);
  });
  it('can be awaited to be left', async () => {
    const { hub, listen, channels } = setUp();
    await hub.whenUnused(60_000);
    const topics = ['a', 'b'].map(listen);
    await settle();
    for (const { leave } of topics) leave();
    await hub.whenUnused(60_000);
    expect(channels).toEqual([]);
    listen('c');
    await hub.whenUnused(1);
  });
});
