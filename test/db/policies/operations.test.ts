import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  addMember,
  admitRun,
  createReadyTask,
  createUser,
  createWorkspace,
  shareTask,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

type Args = Readonly<Record<string, unknown>>;
type Who =
  | 'owner'
  | 'admin'
  | 'editor'
  | 'runner'
  | 'viewer'
  | 'reader' // with whom the task is shared to look at
  | 'guest' // … and to run
  | 'removed' // once a member
  | 'stranger'
  | 'instanceAdmin'
  | 'anonymous'
  | 'service';

const NO_GRANT = '42501';
const UNSEEN = '404 RUN_NOT_FOUND';

/** What becomes of an operation on a run: `fine`, or how it is refused. A guest's runs are of the task that is shared with him. */
type Expected = Readonly<Record<Who, string>>;

/** What the starter of a run may do to it, and admins to any. */
const HANDLED: { readonly own: Partial<Expected>; readonly others: Expected } = {
  own: { owner: 'fine', admin: 'fine', editor: 'fine', runner: 'fine', guest: 'fine', removed: UNSEEN },
  others: {
    owner: 'fine',
    admin: 'fine',
    instanceAdmin: 'fine',
    service: 'fine',
    editor: '403 FORBIDDEN',
    viewer: '403 FORBIDDEN',
    reader: '403 FORBIDDEN',
    guest: '403 FORBIDDEN',
    runner: UNSEEN,
    removed: UNSEEN,
    stranger: UNSEEN,
    anonymous: NO_GRANT,
  },
};

/** What everybody may do who sees the run and may start its task. */
const MADE: typeof HANDLED = {
  own: HANDLED.own,
  others: { ...HANDLED.others, editor: 'fine', guest: 'fine' },
};

describe('operations on runs', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;
  const users = new Map<Who, string>();

  beforeAll(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'nothing'");
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    for (const [role, id] of Object.entries(acme.users)) users.set(role as Who, id);
    for (const who of ['reader', 'guest', 'stranger', 'instanceAdmin'] as const) users.set(who, await createUser(db.owner));
    users.set('removed', await addMember(db.owner, { workspaceId: acme.id, role: 'runner' }));
    await shareTask(db.owner, { taskId: task.id, userId: userOf('reader') });
    await shareTask(db.owner, { taskId: task.id, userId: userOf('guest'), canRun: true });
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [userOf('instanceAdmin')]);
  });

  const userOf = (who: Who): string => users.get(who) ?? '';
  const act = <Result>(who: Who, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> =>
    who === 'anonymous'
      ? asAnonymous(db.owner, work)
      : who === 'service'
        ? asService(db.owner, work)
        : asUser(db.owner, userOf(who), work);
  const outcome = async (call: Promise<unknown>): Promise<string> => {
    const settled = await call.then(
      () => 'fine',
      (error: unknown) => refusedAs(Promise.reject(error)),
    );
    return settled;
  };
  /** An open run of the task, started by somebody; the removed one is a member just then. */
  const openOf = async (who: Who): Promise<string> => {
    const { id } = await asUser(db.owner, userOf(who), (client) => callRow<Run>(client, 'durabase.start_run', { task: task.id }));
    await admitRun(db.owner, id);
    await story.open(id);
    return id;
  };
  const asStarter = async (who: Who): Promise<string> => {
    const id = await openOf(who);
    if (who === 'removed') await db.owner.query('delete from durabase.workspace_members where user_id = $1', [userOf(who)]);
    return id;
  };
  const rejoin = () =>
    db.owner.query("insert into durabase.workspace_members values ($1, $2, 'runner') on conflict do nothing", [
      acme.id,
      userOf('removed'),
    ]);

  const waiting = async (run: string): Promise<void> => void (await story.wait(run, 'make', { kind: 'external' }));
  const paused = async (run: string): Promise<void> => void (await callRow(db.owner, 'durabase.pause_run', { run }));
  const failed = async (run: string): Promise<void> => void (await story.finish(run, { state: 'failed' }));
  const ready = async (): Promise<void> => undefined;

  const OPERATIONS: readonly (readonly [string, typeof HANDLED, (run: string) => Promise<void>, (run: string) => Args])[] = [
    ['pause_run', HANDLED, ready, (run) => ({ run })],
    ['resume_run', HANDLED, paused, (run) => ({ run })],
    ['complete_step', HANDLED, waiting, (run) => ({ run, step: 'make' })],
    ['fail_step', HANDLED, waiting, (run) => ({ run, step: 'make', message: 'no' })],
    ['step_token', HANDLED, waiting, (run) => ({ run, step: 'make' })],
    ['cancel_run', HANDLED, ready, (run) => ({ run })],
    ['retry_run', MADE, failed, (run) => ({ run })],
    ['rerun', MADE, failed, (run) => ({ run })],
    ['fork_run', MADE, failed, (run) => ({ run, from_step: 'hello' })],
  ];

  describe.each(OPERATIONS)('%s', (name, expected, prepare, argsOf) => {
    const call = (who: Who, run: string) => act(who, (client) => callRow(client, `durabase.${name}`, argsOf(run)));

    it.each(Object.entries(expected.own))('of his own run by %s is %s', async (who, answer) => {
      await rejoin();
      const run = await asStarter(who as Who);
      await prepare(run);
      expect(await outcome(call(who as Who, run))).toBe(answer);
    });

    it.each(Object.entries(expected.others))('of the run of somebody else by %s is %s', async (who, answer) => {
      await rejoin();
      const run = await openOf(who === 'editor' ? 'runner' : 'editor');
      await prepare(run);
      await db.owner.query('delete from durabase.workspace_members where user_id = $1', [userOf('removed')]);
      const before = (await story.auditOf(run)).length;
      expect(await outcome(call(who as Who, run))).toBe(answer);
      if (answer !== 'fine') expect((await story.auditOf(run)).length).toBe(before); // nothing was done
    });

    it('of a run whose starter may no longer run is refused to him', async () => {
      const starter = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
      const { id } = await asUser(db.owner, starter, (client) => callRow<Run>(client, 'durabase.start_run', { task: task.id }));
      await admitRun(db.owner, id);
      await story.open(id);
      await prepare(id);
      await db.owner.query("update durabase.workspace_members set role = 'viewer' where user_id = $1", [starter]);
      expect(await refusedAs(asUser(db.owner, starter, (client) => callRow(client, `durabase.${name}`, argsOf(id))))).toBe(
        '403 FORBIDDEN',
      );
    });

    it('is refused to a token without a user', async () => {
      const run = await openOf('runner');
      await prepare(run);
      const client = await db.owner.connect();
      try {
        await client.query(
          `begin; select set_config('role', 'authenticated', true), set_config('request.jwt.claims', '{"role": "authenticated"}', true)`,
        );
        expect(await refusedAs(callRow(client, `durabase.${name}`, argsOf(run)))).toBe('401 UNAUTHENTICATED');
      } finally {
        await client.query('rollback');
        client.release();
      }
    });
  });

  it.each([
    ['owner', 'fine'],
    ['admin', 'fine'],
    ['editor', 'fine'],
    ['runner', 'fine'],
    ['instanceAdmin', 'fine'],
    ['service', 'fine'],
    ['viewer', '403 FORBIDDEN'],
    ['reader', '403 FORBIDDEN'],
    ['guest', '403 FORBIDDEN'],
    ['removed', '404 WORKSPACE_NOT_FOUND'],
    ['stranger', '404 WORKSPACE_NOT_FOUND'],
    ['anonymous', NO_GRANT],
  ] as const)('emit_event by %s is %s', async (who, answer) => {
    await db.owner.query('delete from durabase.workspace_members where user_id = $1', [userOf('removed')]);
    const before = await countEvents();
    expect(await outcome(act(who, (client) => callRow(client, 'durabase.emit_event', { name: 'x', workspace: acme.id })))).toBe(
      answer,
    );
    expect(await countEvents()).toBe(before + (answer === 'fine' ? 1 : 0));
  });

  const countEvents = async (): Promise<number> =>
    (await db.owner.query<{ n: number }>('select count(*)::int as n from durabase.events')).rows[0]?.n ?? -1;

  it.each(['owner', 'runner', 'viewer', 'guest', 'removed', 'stranger', 'anonymous', 'service'] as const)(
    'end_step_by_token is open to whoever has the token (%s)',
    async (who) => {
      const run = await openOf('editor');
      await waiting(run);
      const token = await act('editor', (client) => callValue<string>(client, 'durabase.step_token', { run, step: 'make' }));
      expect(await outcome(act(who, (client) => callRow(client, 'durabase.end_step_by_token', { token })))).toBe('fine');
      expect(await story.auditOf(run)).toContain('step.completed by token');
    },
  );

  it.each([
    ['owner', ['done']],
    ['admin', ['done']],
    ['instanceAdmin', ['done']],
    ['service', ['done']],
    ['editor', ['FORBIDDEN']],
    ['viewer', ['FORBIDDEN']],
    ['reader', ['FORBIDDEN']],
    ['guest', ['FORBIDDEN']],
    ['runner', []],
    ['removed', []],
    ['stranger', []],
  ] as const)('for_runs lets %s do what he may do to each: %j', async (who, answer) => {
    await rejoin();
    const run = await openOf(who === 'editor' ? 'runner' : 'editor');
    await db.owner.query('delete from durabase.workspace_members where user_id = $1', [userOf('removed')]);
    const bulk = await act(who, (client) =>
      callValue<{ done: unknown[]; refused: { code: string }[] }>(client, 'durabase.for_runs', {
        operation: 'pause',
        filter: { runIds: [run] },
      }),
    );
    expect([...bulk.done.map(() => 'done'), ...bulk.refused.map(({ code }) => code)]).toEqual(answer);
  });

  it('for_runs is not for those who are not signed in', async () => {
    expect(
      await outcome(
        act('anonymous', (client) => callRow(client, 'durabase.for_runs', { operation: 'pause', filter: { states: [] } })),
      ),
    ).toBe(NO_GRANT);
  });

  it('hold_queue holds nothing of runs that the caller does not see', async () => {
    const { id } = await callRow<Run>(db.owner, 'durabase.start_run', { task: task.id, workspace: acme.id });
    const client = await db.owner.connect();
    await client.query('begin');
    await client.query('select from durabase_private.run_queue where run_id = $1 for update', [id]);
    const hold = (who: Who) =>
      act(who, async (other) => {
        await other.query("set local lock_timeout = '200ms'");
        await other.query('select durabase_private.hold_queue(array[$1::uuid])', [id]);
      });
    expect(await outcome(hold('stranger'))).toBe('fine');
    expect(await outcome(hold('admin'))).toBe('55P03'); // he waits for it
    await client.query('rollback');
    client.release();
  });
});
