import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { asService, asUser } from '../../support/as-role.ts';
import { callRow } from '../../support/call.ts';
import { askForSocket } from '../support/handshake.ts';
import { leaveChannels, listen, refusalToListen, type Listener } from '../support/listen.ts';
import { useComparisons } from './comparisons.ts';
import { LISTENERS } from './expectations.ts';
import type { MatrixContext } from './matrix-context.ts';
import { KEYED_ROLES, type KeyedRole } from './roles.ts';
import { expectedOn, mayReceive, readFeedNumbers } from './told-by-sql.ts';
import { readTopics, RUNS, sequence, TASKS, type Age } from './topics.ts';

const PRIVATE = { config: { private: true } } as const;

interface Seat {
  readonly role: KeyedRole;
  readonly about: string;
  readonly topic: string;
  readonly listener: Listener;
}

export const describeTopics = (context: MatrixContext): void => {
  const { owner } = context.supabase;
  const { compare, takeDifferences } = useComparisons('broadcast topics beside direct SQL');
  const clientOf = (role: KeyedRole) => context.world.client(role);

  beforeAll(() => sequence(owner));

  it('opens no socket for whom has no key', async () => {
    compare('a socket without a key', [401, 403].includes(await askForSocket(context.supabase.settings.url)), true);
    expect(takeDifferences()).toEqual([]);
  });

  describe.each<Age>(['current', 'stale', 'forged'])('of an epoch that is %s', (age) => {
    it.each(KEYED_ROLES)('lets %s join where direct SQL lets him receive', async (role) => {
      const topics = await readTopics(owner, context.world, age);
      expect([...topics.keys()].toSorted()).toEqual(Object.keys(LISTENERS).toSorted());
      await Promise.all(
        [...topics].map(async ([about, topic]) => {
          const reference = await mayReceive(context.world, role, topic);
          const isMeant = LISTENERS[about]?.includes(role) === true && (age === 'current' || role === 'service');
          compare(`${about} (${age}) by SQL for ${role} as expected`, reference, isMeant);
          if (reference) await listen(clientOf(role), topic, PRIVATE);
          const seen = reference ? 'joined' : await refusalToListen(clientOf(role), topic, PRIVATE);
          compare(`${about} (${age}) for ${role}`, seen, reference ? 'joined' : refusal(topic));
        }),
      );
      await leaveChannels(clientOf(role));
      expect(takeDifferences()).toEqual([]);
    });
  });

  it.each(KEYED_ROLES)('lets %s send on none of them', async (role) => {
    const topics = await readTopics(owner, context.world);
    for (const [about, topic] of topics) {
      const sending = clientOf(role).channel(topic, PRIVATE).httpSend('forged', {});
      const outcome = await sending.then(
        () => 'sent',
        () => 'refused',
      );
      // The service passes over all policies: whoever holds the secret key may say anything.
      compare(`sending on ${about} by ${role}`, outcome, role === 'service' ? 'sent' : 'refused');
    }
    await leaveChannels(clientOf(role));
    expect(takeDifferences()).toEqual([]);
  });

  it('delivers to each who joined what direct SQL shows him, and nothing else', async () => {
    const topics = await readTopics(owner, context.world);
    const seats = await takeSeats(context, topics);
    const before = await readFeedNumbers(owner);
    await changeEverything(context);
    await sequence(owner);
    for (const topic of topics.values()) await owner.query("select realtime.send('{}', 'end', $1, true)", [topic]);
    for (const { role, about, topic, listener } of seats) {
      await eventually(() => expect(listener.broadcasts.at(-1)?.event).toBe('end'));
      const told = listener.broadcasts.filter(({ event }) => event !== 'end').map(essence);
      compare(`what ${about} told ${role}`, told, await expectedOn(context.world, { role, about, topic, before }));
    }
    for (const role of KEYED_ROLES) await leaveChannels(clientOf(role));
    expect(seats.length).toBe(Object.values(LISTENERS).flat().length);
    expect(takeDifferences()).toEqual([]);
  }, 60_000);
};

const refusal = (topic: string): string => `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`;

/** Everybody where he may listen. */
const takeSeats = async ({ world }: MatrixContext, topics: ReadonlyMap<string, string>): Promise<readonly Seat[]> => {
  const seats: Seat[] = [];
  for (const role of KEYED_ROLES)
    for (const [about, topic] of topics)
      if (LISTENERS[about]?.includes(role) === true)
        seats.push({ role, about, topic, listener: await listen(world.client(role), topic, PRIVATE) });
  return seats;
};

/** A message without what Realtime adds to it. */
const essence = ({ event, payload: { id: _id, ...payload } }: Listener['broadcasts'][number]) => ({ event, payload });

/** A cancellation of every run, a new run of every task, a change of every task. */
const changeEverything = async ({ supabase: { owner }, world: { idOf } }: MatrixContext): Promise<void> => {
  for (const name of RUNS) await asService(owner, (client) => callRow(client, 'durabase.cancel_run', { run: idOf(name) }));
  for (const [task, person] of [
    ['shared', 'owner'],
    ['plain', 'runnerOwn'],
    ['theirTask', 'otherOwner'],
  ] as const)
    await asUser(owner, idOf(person), (client) => callRow(client, 'durabase.start_run', { task: idOf(task), input: {} }));
  for (const task of TASKS) await owner.query("update durabase.tasks set description = 'changed' where id = $1", [idOf(task)]);
};
