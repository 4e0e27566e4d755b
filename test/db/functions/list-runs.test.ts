import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  addMember,
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  shareTask,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callRows } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { indexRuns } from '../support/index-runs.ts';

/** As text: a Date would lose the microseconds by which pages are told apart. */
interface Key {
  readonly id: string;
  readonly at: string;
}

const STATES = ['queued', 'running', 'completed'] as const;

describe('list_runs', () => {
  const db = useDatabase();
  let acme: Workspace;
  let other: Workspace;
  let gone: Workspace;
  let tasks: ReadyTask[];
  const callers: Record<string, string> = {};

  beforeAll(async () => {
    [acme, other, gone] = [
      await createWorkspace(db.owner),
      await createWorkspace(db.owner, 'Other'),
      await createWorkspace(db.owner, 'Gone'),
    ];
    tasks = [];
    for (const workspace of [acme, other, gone]) {
      for (const slug of ['greet', 'report']) tasks.push(await createReadyTask(db.owner, workspace.id, { slug }));
    }
    for (const task of tasks) {
      for (const state of STATES) await createRunIn(db.owner, task, state);
    }
    for (const role of ['owner', 'runner', 'viewer'] as const) callers[role] = acme.users[role];
    callers['stranger'] = await createUser(db.owner);
    callers['guest of one task'] = await createUser(db.owner);
    callers['runner who is a guest elsewhere'] = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
    callers['runner with whom a task of the same workspace is shared'] = await addMember(db.owner, {
      workspaceId: acme.id,
      role: 'runner',
    });
    callers['viewer with whom a task of the same workspace is shared'] = await addMember(db.owner, {
      workspaceId: acme.id,
      role: 'viewer',
    });
    callers['member of two'] = await addMember(db.owner, { workspaceId: acme.id, role: 'editor' });
    await addMember(db.owner, { workspaceId: other.id, role: 'runner', userId: callers['member of two'] });
    callers['removed member'] = await addMember(db.owner, { workspaceId: acme.id, role: 'editor' });
    callers['instance admin'] = await createUser(db.owner);
    callers['member of a deleted workspace'] = gone.users.owner;
    callers['guest of a deleted workspace'] = await createUser(db.owner);
    const shares: readonly (readonly [string, ReadyTask | undefined])[] = [
      ['guest of one task', tasks[0]],
      ['runner who is a guest elsewhere', tasks[2]],
      ['guest of a deleted workspace', tasks[4]],
      ['runner with whom a task of the same workspace is shared', tasks[0]],
      ['viewer with whom a task of the same workspace is shared', tasks[0]],
    ];
    for (const [name, task] of shares)
      await shareTask(db.owner, { taskId: task?.id ?? '', userId: callers[name] ?? '', canRun: true });
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [callers['instance admin']]);
    // everybody who may starts something of his own
    for (const userId of Object.values(callers)) {
      for (const task of tasks) {
        await asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: task.id })).catch(
          () => undefined,
        );
      }
    }
    await db.owner.query('delete from durabase.workspace_members where user_id = $1', [callers['removed member']]);
    await db.owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);
    await indexRuns(db.engine);
  });

  const keys = async (client: pg.ClientBase, sql: string, values: readonly unknown[] = []): Promise<Key[]> =>
    (await client.query<Key>(`select id, created_at::text as at from ${sql}`, [...values])).rows;
  const list = (client: pg.ClientBase, args = '') => keys(client, `durabase.list_runs(${args})`);

  const NAMES = [
    'owner',
    'runner',
    'viewer',
    'stranger',
    'guest of one task',
    'runner who is a guest elsewhere',
    'member of two',
    'removed member',
    'instance admin',
    'member of a deleted workspace',
    'guest of a deleted workspace',
    'runner with whom a task of the same workspace is shared',
    'viewer with whom a task of the same workspace is shared',
  ];

  it.each(NAMES)('gives the %s the rows of the plain query', async (name) => {
    const filters = [
      ['page_limit => 1000', 'true'],
      [`page_limit => 1000, workspace => '${acme.id}'`, `workspace_id = '${acme.id}'`],
      [`page_limit => 1000, task => '${tasks[0]?.id}'`, `task_id = '${tasks[0]?.id}'`],
      [`page_limit => 1000, task => '${tasks[2]?.id}', workspace => '${acme.id}'`, 'false'],
      ["page_limit => 1000, states => '{queued,completed}'", "state in ('queued', 'completed')"],
      [
        `page_limit => 1000, workspace => '${other.id}', states => '{running}'`,
        `workspace_id = '${other.id}' and state = 'running'`,
      ],
    ] as const;
    await asUser(db.owner, callers[name] ?? '', async (client) => {
      for (const [args, where] of filters) {
        const plain = await keys(client, `durabase.task_runs where ${where} order by created_at desc, id desc`);
        expect({ args, rows: await list(client, args) }).toEqual({ args, rows: plain });
      }
    });
  });

  it.each(NAMES)('finds for the %s by words and actors no more and no less than policies show', async (name) => {
    const greets = `task_id in (${[0, 2, 4].map((index) => `'${tasks[index]?.id}'`).join()})`;
    const [self, somebody] = [callers[name], callers['owner']];
    const filters = [
      ["q => 'greet'", greets],
      ["q => 'greet', states => '{queued,completed}'", `${greets} and state in ('queued', 'completed')`],
      ["q => '-greet'", `not ${greets}`],
      ["q => 'greet or report'", 'true'],
      [`q => 'greet', workspace => '${acme.id}'`, `${greets} and workspace_id = '${acme.id}'`],
      [`q => 'greet', task => '${tasks[0]?.id}'`, `task_id = '${tasks[0]?.id}'`],
      [`q => 'greet', task => '${tasks[1]?.id}'`, 'false'],
      [`q => 'report', actor => '${somebody}'`, `not ${greets} and actor_user_id = '${somebody}'`],
      [`actor => '${somebody}'`, `actor_user_id = '${somebody}'`],
      [`actor => '${self}', states => '{queued}'`, `actor_user_id = '${self}' and state = 'queued'`],
      [`actor => '${self}', task => '${tasks[2]?.id}'`, `actor_user_id = '${self}' and task_id = '${tasks[2]?.id}'`],
    ] as const;
    await asUser(db.owner, self ?? '', async (client) => {
      for (const [args, where] of filters) {
        const plain = await keys(client, `durabase.task_runs where ${where} order by created_at desc, id desc`);
        expect({ args, rows: await keys(client, `durabase.search_runs(${args}, page_limit => 1000)`) }).toEqual({
          args,
          rows: plain,
        });
      }
      const all = await keys(client, 'durabase.task_runs order by created_at desc, id desc');
      const paged: Key[] = [];
      const next = (last?: Key): Promise<Key[]> =>
        keys(client, "durabase.search_runs('greet or report', page_limit => 3, before_at => $1, before_id => $2)", [
          last?.at ?? null,
          last?.id ?? null,
        ]);
      for (let page = await next(); page.length > 0 && paged.length <= all.length; page = await next(page.at(-1)))
        paged.push(...page);
      expect(paged).toEqual(all);
    });
  });

  it('shows each caller what he is meant to see', async () => {
    const seen: Record<string, number> = {};
    for (const name of NAMES)
      seen[name] = (await asUser(db.owner, callers[name] ?? '', (client) => list(client, 'page_limit => 1000'))).length;
    expect(seen).toMatchObject({
      stranger: 0,
      'removed member': 0,
      'member of a deleted workspace': 0,
      'guest of a deleted workspace': 0,
      runner: 2,
    });
    expect(seen['instance admin']).toBeGreaterThan(seen['owner'] ?? 0);
    expect(seen['owner']).toBe(seen['viewer']);
  });

  it('gives services all rows', async () => {
    await asService(db.owner, async (client) => {
      expect(await list(client, 'page_limit => 1000')).toEqual(
        await keys(client, 'durabase.task_runs order by created_at desc, id desc'),
      );
    });
  });

  it('refuses visitors', async () => {
    expect(await refusedAs(asAnonymous(db.owner, (client) => list(client)))).toBe('42501');
  });

  it.each([...NAMES.filter((name) => name !== 'stranger'), 'stranger'])(
    'pages through the rows of the %s without gap or overlap',
    async (name) => {
      await asUser(db.owner, callers[name] ?? '', async (client) => {
        const all = await list(client, 'page_limit => 1000');
        const paged: Key[] = [];
        for (let page = await list(client, 'page_limit => 3'); page.length > 0 && paged.length <= all.length;) {
          paged.push(...page);
          const last = page.at(-1);
          page = await list(client, `page_limit => 3, before_at => '${last?.at}', before_id => '${last?.id}'`);
        }
        expect(paged).toEqual(all);
      });
    },
  );

  it('pages through runs of one instant', async () => {
    await db.owner.query("update durabase.task_runs set created_at = '2026-01-01' where task_id = $1", [tasks[0]?.id]);
    await asUser(db.owner, acme.users.owner, async (client) => {
      const all = await list(client, `page_limit => 1000, task => '${tasks[0]?.id}'`);
      const first = await list(client, `page_limit => 2, task => '${tasks[0]?.id}'`);
      const rest = await list(
        client,
        `page_limit => 1000, task => '${tasks[0]?.id}', before_at => '${first[1]?.at}', before_id => '${first[1]?.id}'`,
      );
      expect([...first, ...rest]).toEqual(all);
      expect(all.length).toBeGreaterThan(4);
    });
  });

  it.each([
    [0, 1],
    [-5, 1],
    [null, 50],
  ])('takes a limit of %j for %j', async (limit, most) => {
    const rows = await asService(db.owner, (client) => callRows(client, 'durabase.list_runs', { page_limit: limit }));
    expect(rows.length).toBeLessThanOrEqual(most);
    expect(rows.length).toBeGreaterThan(0);
  });
});
