import { beforeAll, describe, expect, it } from '@jest/globals';
import { asService, asUser } from '../../support/as-role.ts';
import {
  addMember,
  createReadyTask,
  createUser,
  createWorkspace,
  type ReadyTask,
  startRun,
  type Workspace,
} from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Change {
  readonly seq: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly state: string;
}

describe('the sequencer', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;

  const sequence = () => readValue<number>(db.engine, 'select durabase_private.sequence_changes()');
  const drain = async (): Promise<void> => {
    while ((await sequence()) !== 0);
  };
  const since = async (user: string, feed: string, after = 0): Promise<readonly Change[]> =>
    (
      await asUser(db.owner, user, (client) =>
        client.query<Change>('select * from durabase.changes_since($1, $2, 1000)', [feed, after]),
      )
    ).rows;
  const messages = async (topicStart: string) =>
    (
      await db.owner.query<{
        topic: string;
        event: string;
        payload: { first: number; last: number; changes: readonly { seq: number }[] };
      }>('select topic, event, payload from realtime.messages where starts_with(topic, $1) order by inserted_at, id', [
        topicStart,
      ])
    ).rows;
  const numbers = (changes: readonly { readonly seq: string | number }[]): number[] => changes.map(({ seq }) => Number(seq));
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    await drain();
  });

  it('numbers the changes of a workspace 1…n, each change once, those of one run in the order of its versions', async () => {
    const feed = `workspace:${acme.id}`;
    const before = (await since(acme.users.editor, feed)).length;
    const writers = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 25; i += 1) {
        const run = await startRun(db.owner, task);
        await db.owner.query('select durabase.cancel_run($1)', [run.id]);
      }
    });
    let isWriting = true;
    const sequencers = Array.from({ length: 3 }, async () => {
      while (isWriting) await sequence();
    });
    await Promise.all(writers);
    isWriting = false;
    await Promise.all(sequencers);
    await drain();
    const changes = await since(acme.users.editor, feed);
    expect(changes.length).toBe(before + 8 * 25 * 2);
    expect(numbers(changes)).toEqual(upTo(changes.length));
    const versions = new Map<string, number>();
    for (const { id, version } of changes.slice(before)) {
      expect(Number(version)).toBeGreaterThan(versions.get(id) ?? 0);
      versions.set(id, Number(version));
    }
    const told = (await messages(`durabase:workspace:${acme.id}:`)).flatMap(({ payload }) => payload.changes);
    expect(numbers(told).sort((a, b) => a - b)).toEqual(upTo(changes.length));
  });

  it('is not held up by a foreign open transaction, and takes what commits late later', async () => {
    const late = await db.owner.connect();
    await late.query('begin');
    const lateRun = (await late.query<{ id: string }>('select id from durabase.start_run($1)', [task.id])).rows[0]?.id;
    const early = await startRun(db.owner, task);
    await drain();
    const feed = `workspace:${acme.id}`;
    const first = await since(acme.users.editor, feed);
    expect(first.at(-1)?.id).toBe(early.id);
    await late.query('commit');
    late.release();
    await drain();
    const second = await since(acme.users.editor, feed);
    expect(second.at(-1)?.id).toBe(lateRun);
    expect(numbers(second)).toEqual(upTo(first.length + 1));
  });

  it('numbers a runner’s own runs and a shared task apart, and nobody else’s', async () => {
    const [guest, outsider] = [await createUser(db.owner), await createUser(db.owner)];
    const other = await createReadyTask(db.owner, acme.id);
    await db.owner.query('insert into durabase.task_permissions (task_id, user_id, can_run) values ($1, $2, true)', [
      other.id,
      guest,
    ]);
    const own = await asUser(db.owner, acme.users.runner, async (client) => {
      const { rows } = await client.query<{ id: string }>('select id from durabase.start_run($1)', [task.id]);
      return rows[0]?.id;
    });
    const shared = await asUser(db.owner, guest, async (client) => {
      const { rows } = await client.query<{ id: string }>('select id from durabase.start_run($1)', [other.id]);
      return rows[0]?.id;
    });
    await drain();
    expect((await since(acme.users.runner, `own:${acme.id}`)).map(({ seq, id }) => [seq, id])).toEqual([['1', own]]);
    const ofTask = await since(guest, `task:${other.id}`);
    expect(ofTask.at(-1)?.id).toBe(shared);
    expect(numbers(ofTask)).toEqual(upTo(ofTask.length));
    for (const [user, feed] of [
      [acme.users.runner, `workspace:${acme.id}`],
      [acme.users.editor, `own:${acme.id}`],
      [guest, `workspace:${acme.id}`],
      [guest, `own:${acme.id}`],
      [outsider, `workspace:${acme.id}`],
      [outsider, `task:${other.id}`],
      [acme.users.owner, 'workspace:constructor'],
      [acme.users.owner, ''],
    ] as const)
      expect(`${feed} ${await refusedAs(since(user, feed))}`).toBe(`${feed} 404 FEED_NOT_FOUND`);
  });

  it('tells the followers of a run the number of its newest event', async () => {
    const run = await startRun(db.owner, task);
    await db.owner.query('select durabase.cancel_run($1)', [run.id]);
    await drain();
    expect(await messages(`durabase:run:${run.id}:`)).toEqual([
      {
        topic: expect.stringMatching(/:\d+$/) as unknown,
        event: 'events',
        payload: { id: expect.any(String) as unknown, run: run.id, seq: 3, version: 3, state: 'cancelled' }, // Realtime adds the id
      },
    ]);
  });

  it('splits what one pass took into messages of at most 400 changes', async () => {
    const big = await createWorkspace(db.owner);
    const busy = await createReadyTask(db.owner, big.id);
    await db.owner.query('select durabase.start_run($1) from generate_series(1, 1000)', [busy.id]);
    await drain();
    const told = await messages(`durabase:workspace:${big.id}:`);
    expect(
      told.every(({ payload }) => payload.changes.length <= 400 && payload.changes.length === payload.last - payload.first + 1),
    ).toBe(true);
    const seqs = numbers(told.flatMap(({ payload }) => payload.changes)).sort((a, b) => a - b);
    expect(seqs).toEqual(upTo(seqs.length));
    expect(seqs.length).toBeGreaterThanOrEqual(1000);
  });

  it('moves the topics of a workspace when somebody loses a right there, and tells nothing more on the old ones', async () => {
    const team = await createWorkspace(db.owner);
    const secret = await createReadyTask(db.owner, team.id);
    await drain();
    const topicsOf = async (user: string) =>
      (
        await asUser(db.owner, user, (client) =>
          client.query<{ topic: string; moves_topic: string }>('select * from durabase.feeds()'),
        )
      ).rows;
    const mayListen = (user: string, topic: string) =>
      asUser(db.owner, user, async (client) => {
        const { rows } = await client.query<{ ok: boolean }>('select durabase_private.may_listen($1) as ok', [topic]);
        return rows[0]?.ok;
      });
    const [old] = await topicsOf(team.users.viewer);
    if (old === undefined) throw new Error('a viewer follows his workspace');
    expect(await mayListen(team.users.viewer, old.topic)).toBe(true);
    expect(await mayListen(team.users.viewer, old.moves_topic)).toBe(true);
    const before = (await messages(old.topic)).length;

    await db.owner.query('delete from durabase.workspace_members where user_id = $1', [team.users.viewer]);
    await startRun(db.owner, secret);
    await drain();
    expect((await messages(old.topic)).length).toBe(before);
    expect((await messages(old.moves_topic)).map(({ event }) => event)).toEqual(['moved']);
    const [fresh] = await topicsOf(team.users.editor);
    expect(fresh?.topic).not.toBe(old.topic);
    expect((await messages(fresh?.topic ?? 'none')).length).toBe(1);
    expect(await topicsOf(team.users.viewer)).toEqual([]);
    for (const topic of [old.topic, old.moves_topic, fresh?.topic ?? '', fresh?.moves_topic ?? ''])
      expect(await mayListen(team.users.viewer, topic)).toBe(false);
    expect(await mayListen(team.users.editor, old.topic)).toBe(false);
    expect(await mayListen(team.users.editor, fresh?.topic ?? '')).toBe(true);
  });

  it.each([
    [
      'a role that sees less',
      (ws: Workspace) => ["update durabase.workspace_members set role = 'runner' where user_id = $1", ws.users.viewer] as const,
    ],
    [
      'a deleted workspace',
      (ws: Workspace) => ['update durabase.workspaces set deleted_at = now() where id = $1', ws.id] as const,
    ],
    ['a login that is gone', (ws: Workspace) => ['delete from auth.users where id = $1', ws.users.viewer] as const],
  ])('moves the topics for %s', async (_, change) => {
    const team = await createWorkspace(db.owner);
    const epoch = () => readValue<string>(db.owner, 'select durabase_private.feed_epoch($1)', [team.id]);
    await drain();
    const before = await epoch();
    const [sql, id] = change(team);
    await db.owner.query(sql, [id]);
    await drain();
    expect(Number(await epoch())).toBe(Number(before) + 1);
  });

  it('moves the topics when a share or an instance admin is taken away, and not when somebody joins', async () => {
    const team = await createWorkspace(db.owner);
    const shared = await createReadyTask(db.owner, team.id);
    const guest = await createUser(db.owner);
    const epoch = async () => {
      await drain();
      return Number(await readValue<string>(db.owner, 'select durabase_private.feed_epoch($1)', [team.id]));
    };
    const start = await epoch();
    await addMember(db.owner, { workspaceId: team.id, role: 'viewer', userId: guest });
    await db.owner.query('insert into durabase.task_permissions (task_id, user_id) values ($1, $2)', [shared.id, guest]);
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [guest]);
    expect(await epoch()).toBe(start);
    await db.owner.query('delete from durabase.task_permissions where user_id = $1', [guest]);
    expect(await epoch()).toBe(start + 1);
    await db.owner.query('delete from durabase.instance_admins where user_id = $1', [guest]);
    expect(await epoch()).toBe(start + 2);
  });

  it('forgets old changes and says so to whoever asks for them, or for numbers that are not there yet', async () => {
    const team = await createWorkspace(db.owner);
    const busy = await createReadyTask(db.owner, team.id);
    await db.owner.query('select durabase.start_run($1) from generate_series(1, 10)', [busy.id]);
    await drain();
    const feed = `workspace:${team.id}`;
    const all = await since(team.users.viewer, feed);
    await db.owner.query("update durabase_private.changes set at = at - interval '8 days' where workspace_id = $1 and seq <= 5", [
      team.id,
    ]);
    expect(await readValue<number>(db.engine, 'select durabase_private.prune_changes()')).toBe(5);
    expect(await refusedAs(since(team.users.viewer, feed, 4))).toBe('410 CHANGES_PRUNED');
    expect(await since(team.users.viewer, feed, 5)).toEqual(all.slice(5));
    expect(await since(team.users.viewer, feed, all.length)).toEqual([]);
    expect(await refusedAs(since(team.users.viewer, feed, all.length + 1))).toBe('410 CHANGES_PRUNED');
  });

  it('wakes the dispatchers for a new run, a wish and a saved task, and not for what a run itself does', async () => {
    const heard: string[] = [];
    const listener = await db.engine.connect();
    listener.on('notification', ({ channel }) => heard.push(channel));
    await listener.query('listen durabase_work; listen durabase_changes');
    const hearOf = async (work: () => Promise<unknown>): Promise<string[]> => {
      await drain();
      await listener.query('select 1');
      heard.length = 0;
      await work();
      await drain();
      await listener.query('select 1'); // what was notified before this answer has arrived
      return [...heard];
    };
    expect(await hearOf(() => startRun(db.owner, task))).toEqual(['durabase_changes', 'durabase_work']);
    expect(await hearOf(() => db.owner.query('update durabase.tasks set name = name where id = $1', [task.id]))).toEqual([
      'durabase_changes',
      'durabase_work',
    ]);
    const run = await startRun(db.owner, task);
    expect(await hearOf(() => db.owner.query("select durabase_private.flag_run($1, 'no worker polls')", [run.id]))).toEqual([
      'durabase_changes',
    ]);
    listener.release(true);
  });

  it('wakes the dispatchers for what runs have to do to each other and for a wake, and not for a deed that is put off', async () => {
    const heard: string[] = [];
    const listener = await db.engine.connect();
    listener.on('notification', ({ channel }) => heard.push(channel));
    await listener.query('listen durabase_work; listen durabase_changes');
    const hearOf = async (sql: string, values: readonly unknown[]): Promise<string[]> => {
      await drain();
      await listener.query('select 1');
      heard.length = 0;
      await db.owner.query(sql, [...values]);
      await drain();
      await listener.query('select 1'); // what was notified before this answer has arrived
      return [...heard];
    };
    const run = await startRun(db.owner, task);
    expect(await hearOf("select durabase.emit_event('order.paid', '{}', $1)", [acme.id])).toEqual([
      'durabase_changes',
      'durabase_work',
    ]);
    await db.owner.query("update durabase_private.deeds set due_at = now() + interval '1 hour'");
    expect(await hearOf("select durabase_private.flag_run($1, 'no worker polls')", [run.id])).toEqual(['durabase_changes']);
    await db.owner.query('delete from durabase_private.deeds');
    expect(await hearOf('select durabase.pause_run($1)', [run.id])).toEqual(['durabase_changes']); // not open: nobody to wake
    await db.owner.query('select durabase_private.wish_wake(r) from durabase.task_runs r where id = $1', [run.id]);
    expect(await hearOf('select durabase.resume_run($1)', [run.id])).toEqual(['durabase_changes', 'durabase_work']);
    listener.release(true);
  });

  it('is open to the engine only', async () => {
    for (const sql of [
      'select durabase_private.sequence_changes()',
      'select durabase_private.prune_changes()',
      'table durabase_private.changes',
    ]) {
      expect(await refusedAs(asUser(db.owner, acme.users.owner, (client) => client.query(sql)))).toBe('42501');
      expect(await refusedAs(asService(db.owner, (client) => client.query(sql)))).toBe('42501');
    }
  });
});
