import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { beginToListen, leaveChannels, listen, makeTopic, refusalToListen, type Listener } from '../support/listen.ts';
import { useSupabase, type SignedIn } from '../support/use-supabase.ts';
import { writeRooms } from './rooms.ts';

const supabase = useSupabase(writeRooms);
const PRIVATE = { config: { private: true } } as const;
const ACK = { config: { private: true, broadcast: { ack: true } } } as const;
const refusal = (topic: string): string => `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`;
const came = async (listener: Listener, events: readonly string[]): Promise<void> => {
  await eventually(() => expect(listener.broadcasts.map(({ event }) => event)).toEqual(events));
};
const sendBySql = (topic: string, event: string) =>
  supabase.owner.query(`select realtime.send('{}', $1, $2, true)`, [event, topic]);
let anna: SignedIn;
let bert: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
  bert = await supabase.createUser();
});

/** supabase-js hands out the same channel for a name that is in use. */
beforeEach(async () => {
  await Promise.all([anna, bert].map(({ client }) => leaveChannels(client)));
});

describe('Realtime: who may join a private channel', () => {
  it('whom the policy lets receive', async () => {
    expect((await listen(anna.client, makeTopic(supabase.prefix), PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });

  it('nobody else, and supabase-js says why', async () => {
    const topic = makeTopic(supabase.prefix, 'nothing');
    expect(await refusalToListen(anna.client, topic, PRIVATE)).toBe(refusal(topic));
  });

  it('nobody who may only send', async () => {
    const topic = makeTopic(supabase.prefix, 'drop');
    expect(await refusalToListen(anna.client, topic, PRIVATE)).toBe(refusal(topic));
  });

  it('no visitor', async () => {
    const topic = makeTopic(supabase.prefix);
    expect(await refusalToListen(supabase.connect(), topic, PRIVATE)).toBe(refusal(topic));
  });

  it('each user his own', async () => {
    const topic = `user:${supabase.prefix}:${anna.id}`;
    const listener = await listen(anna.client, topic, PRIVATE);
    expect(await refusalToListen(bert.client, topic, PRIVATE)).toBe(refusal(topic));
    await sendBySql(topic, 'hello');
    await came(listener, ['hello']);
  });

  it('nobody when the policy fails', async () => {
    const topic = `broken:${supabase.prefix}:no-uuid`;
    expect(await refusalToListen(anna.client, topic, PRIVATE)).toBe(refusal(topic));
  });

  it('everybody a public channel of the same name, where nothing private is heard', async () => {
    const topic = `user:${supabase.prefix}:${anna.id}`;
    const [open, closed] = [await listen(bert.client, topic), await listen(anna.client, topic, PRIVATE)];
    await sendBySql(topic, 'secret');
    await came(closed, ['secret']);
    await supabase.owner.query(`select realtime.send('{}', 'open', $1, false)`, [topic]);
    await came(open, ['open']);
  });

  it('somebody who is asked anew once he has the right', async () => {
    const topic = makeTopic(supabase.prefix, 'ticket');
    expect(await refusalToListen(bert.client, topic, PRIVATE)).toBe(refusal(topic));
    await supabase.owner.query(`insert into public.${supabase.prefix}_tickets values ($1)`, [bert.id]);
    expect((await listen(bert.client, topic, PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });
});

describe('Realtime: who may send on a private channel', () => {
  it('whom the policy lets send', async () => {
    const topic = makeTopic(supabase.prefix);
    const [sender, hearer] = [await listen(anna.client, topic, ACK), await listen(bert.client, topic, PRIVATE)];
    expect(await sender.channel.send({ type: 'broadcast', event: 'hello', payload: {} })).toBe('ok');
    await came(hearer, ['hello']);
  });

  it('nobody else: the message is dropped, and never acknowledged', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const [sender, hearer] = [await listen(anna.client, topic, ACK), await listen(bert.client, topic, PRIVATE)];
    expect(await sender.channel.send({ type: 'broadcast', event: 'forged', payload: {} }, { timeout: 700 })).toBe('timed out');
    await sendBySql(topic, 'real');
    await came(hearer, ['real']);
    await came(sender, ['real']);
  });

  it('nobody else: without an acknowledgement supabase-js does not notice', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const [sender, hearer] = [await listen(anna.client, topic, PRIVATE), await listen(bert.client, topic, PRIVATE)];
    expect(await sender.channel.send({ type: 'broadcast', event: 'forged', payload: {} })).toBe('ok');
    await sendBySql(topic, 'real');
    await came(hearer, ['real']);
  });
});

describe('Realtime: who may send by a function of his own', () => {
  const say = (client: SignedIn['client'], topic: string, event: string) =>
    client.rpc(`${supabase.prefix}_say`, { topic, event });

  it('whom the policy lets send', async () => {
    const topic = makeTopic(supabase.prefix);
    const hearer = await listen(bert.client, topic, PRIVATE);
    expect((await say(anna.client, topic, 'hello')).error).toBeNull();
    await came(hearer, ['hello']);
  });

  it('nobody else, and the function does not fail', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const hearer = await listen(bert.client, topic, PRIVATE);
    expect((await say(anna.client, topic, 'forged')).error).toBeNull();
    await sendBySql(topic, 'real');
    await came(hearer, ['real']);
  });
});

describe('Realtime: rights that are taken away', () => {
  it('end the channel when the next token comes', async () => {
    const user = await supabase.createUser();
    const topic = makeTopic(supabase.prefix, 'ticket');
    const tickets = `public.${supabase.prefix}_tickets`;
    await supabase.owner.query(`insert into ${tickets} values ($1)`, [user.id]);
    const listener = await listen(user.client, topic, PRIVATE);
    await supabase.owner.query(`delete from ${tickets} where user_id = $1`, [user.id]);
    await eventually(
      async () => {
        const { data } = await user.client.auth.refreshSession();
        expect(data.session?.access_token).not.toBe(user.token); // the same within one second, and then not sent
      },
      { everyMs: 1_100 },
    );
    await eventually(() => expect(listener.statuses.at(-1)).toBe('CLOSED'));
    expect(listener.system.at(-1)?.message).toMatch(
      /You (do not have permissions|no longer have permission) to read from this Channel topic/,
    );
    await sendBySql(topic, 'too late');
    const again = beginToListen(user.client, makeTopic(supabase.prefix), PRIVATE);
    await eventually(() => expect(again.statuses).toEqual(['SUBSCRIBED']));
    expect(listener.broadcasts).toEqual([]);
  });
});
