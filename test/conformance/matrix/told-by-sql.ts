import type pg from 'pg';
import { callRows } from '../../support/call.ts';
import type { KeyedRole } from './roles.ts';
import type { World } from './world.ts';

const ROLE_NAMES: Partial<Record<KeyedRole, string>> = { anon: 'anon', service: 'service_role' };

/** Whether the policies let this role receive on a topic: the question that Realtime asks, by direct SQL as the role itself. */
export const mayReceive = (world: World, role: KeyedRole, topic: string): Promise<boolean> =>
  world.act(role, async (client) => {
    const id = crypto.randomUUID();
    await client.query('reset role');
    await client.query("insert into realtime.messages (id, topic, extension) values ($1, $2, 'broadcast')", [id, topic]);
    await client.query("select set_config('realtime.topic', $1, true), set_config('role', $2, true)", [
      topic,
      ROLE_NAMES[role] ?? 'authenticated',
    ]);
    const { rowCount } = await client.query('select from realtime.messages where id = $1', [id]);
    await client.query('rollback');
    return rowCount === 1;
  });

/** The newest number of every feed, as the database counts them. */
export const readFeedNumbers = async (owner: pg.Pool): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await owner.query<{ feed: string; last: string }>(
    'select feed, last_seq as last from durabase_private.feed_counters',
  );
  return new Map(rows.map(({ feed, last }) => [feed, Number(last)]));
};

interface Expected {
  readonly role: KeyedRole;
  /** Such as `run ownerShared`. */
  readonly about: string;
  readonly topic: string;
  /** Numbers of the feeds before anything changed. */
  readonly before: ReadonlyMap<string, number>;
}

/** The messages that a topic has to bring, read by direct SQL as the listener. */
export const expectedOn = async (world: World, { role, about, topic, before }: Expected): Promise<readonly unknown[]> => {
  const [kind = '', name = ''] = about.split(' ');
  if (kind === 'moves') return [];
  if (kind === 'run') return expectedOfRun(world, role, world.idOf(name));
  if (about === 'own owner') return []; // he sees all runs, so there is no such feed
  // The service listens everywhere, but a runner's own feed is found under its name by the runner alone.
  const reader = kind === 'own' && role === 'service' ? (name as KeyedRole) : role;
  const [, , id = ''] = topic.split(':');
  const numbered = topic.split(':').slice(1, -1).join(':');
  return expectedOfFeed(world, reader, { feed: `${kind}:${id}`, after: before.get(numbered) ?? 0 });
};

interface RunFeed {
  readonly last_seq: string;
  readonly version: string;
  readonly state: string;
}

const expectedOfRun = async (world: World, role: KeyedRole, run: string): Promise<readonly unknown[]> => {
  const rows = await world.act(role, (client) => callRows<RunFeed & pg.QueryResultRow>(client, 'durabase.run_feed', { run }));
  return rows.map(({ last_seq, version, state }) => ({
    event: 'events',
    payload: { run, seq: Number(last_seq), state, version: Number(version) },
  }));
};

interface ChangeRow {
  readonly seq: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly state: string;
}

const expectedOfFeed = async (
  world: World,
  reader: KeyedRole,
  { feed, after }: { readonly feed: string; readonly after: number },
): Promise<readonly unknown[]> => {
  const rows = await world.act(reader, (client) =>
    callRows<ChangeRow & pg.QueryResultRow>(client, 'durabase.changes_since', { feed, after_seq: after }),
  );
  const changes = rows.map(({ seq, kind, id, version, state }) => ({
    id,
    seq: Number(seq),
    kind,
    state,
    version: Number(version),
  }));
  if (changes.length === 0) return [];
  return [{ event: 'changes', payload: { feed, last: changes.at(-1)?.seq, first: changes[0]?.seq, changes } }];
};
