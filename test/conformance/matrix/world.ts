import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import { addMember, createReadyTask, executionOf, openRun, shareTask } from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import type { Client, SignedIn, UsedSupabase } from '../support/use-supabase.ts';
import { USER_ROLES, type KeyedRole, type UserRole } from './roles.ts';

type Person = UserRole | 'otherOwner';

export interface World {
  /** Ids of tasks, runs, users and workspaces by their names, and the other way round. */
  readonly ids: ReadonlyMap<string, string>;
  readonly names: ReadonlyMap<string, string>;
  readonly users: Readonly<Record<Person, SignedIn>>;
  /** Direct SQL as this role: what all else is compared with. */
  act<Result>(role: KeyedRole, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result>;
  /** supabase-js as this role. */
  client(role: KeyedRole): Client;
  idOf(name: string): string;
}

const MEMBERS = ['viewer', 'editor', 'admin', 'owner'] as const;

/**
 * Two workspaces. In `acme` there is a member of each role, two runners, a guest with whom one task is shared, and somebody who
 * was an editor and ran something before he was removed.
 */
export const createWorld = async (supabase: UsedSupabase): Promise<World> => {
  const { owner } = supabase;
  const users = await signUpAll(supabase);
  const ids = new Map<string, string>(Object.entries(users).map(([name, { id }]) => [name, id]));
  const idOf = (name: string): string => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`there is no ${name} in the world`);
    return id;
  };
  for (const name of ['acme', 'other'])
    ids.set(name, await readValue(owner, 'insert into durabase.workspaces (name) values ($1) returning id', [name]));
  const workspaceId = idOf('acme');
  for (const role of MEMBERS) await addMember(owner, { workspaceId, role, userId: idOf(role) });
  for (const name of ['runnerOwn', 'runnerOther']) await addMember(owner, { workspaceId, role: 'runner', userId: idOf(name) });
  await addMember(owner, { workspaceId, role: 'editor', userId: idOf('removed') });
  await addMember(owner, { workspaceId: idOf('other'), role: 'owner', userId: idOf('otherOwner') });
  await owner.query('insert into durabase.instance_admins (user_id) values ($1)', [idOf('instanceAdmin')]);

  for (const [name, workspace] of [
    ['plain', 'acme'],
    ['shared', 'acme'],
    ['theirTask', 'other'],
  ] as const)
    ids.set(name, (await createReadyTask(owner, idOf(workspace), { slug: name.toLowerCase() })).id);
  await shareTask(owner, { taskId: idOf('shared'), userId: idOf('guest'), canRun: true });

  await callRow(owner, 'durabase.publish_task', { task: idOf('plain') });
  for (const name of ['acme', 'other'])
    await callRow(owner, 'durabase.invite_member', { workspace: idOf(name), email: `${name}@example.test`, role: 'viewer' });

  for (const [name, task, person] of RUNS) {
    const run = await asUser(owner, idOf(person), (client) =>
      callRow<{ readonly id: string }>(client, 'durabase.start_run', { task: idOf(task), input: { name } }),
    );
    await openRun(owner, run.id);
    ids.set(name, run.id);
  }
  const asPerson = (person: Person, name: string, args: Readonly<Record<string, unknown>>): Promise<{ readonly id: string }> =>
    asUser(owner, idOf(person), (client) => callRow(client, `durabase.${name}`, args));
  ids.set('endedPlain', (await asPerson('runnerOwn', 'start_run', { task: idOf('plain'), input: {} })).id);
  await endBadly(owner, idOf('endedPlain'));
  ids.set('againPlain', (await asPerson('runnerOwn', 'rerun', { run: idOf('endedPlain') })).id);
  for (const [name, person, workspace] of [
    ['eventOfRunner', 'runnerOwn', 'acme'],
    ['eventOfOther', 'otherOwner', 'other'],
  ] as const)
    ids.set(name, (await asPerson(person, 'emit_event', { name: 'order.paid', workspace: idOf(workspace) })).id);
  for (const [name, person, workspace] of [
    ['keyOfAcme', 'owner', 'acme'],
    ['keyOfOther', 'otherOwner', 'other'],
  ] as const) {
    const values = [name, idOf(workspace)];
    await asUser(owner, idOf(person), (client) => client.query("select durabase.create_api_key($1, '{runs:read}', $2)", values));
    ids.set(name, await readValue(owner, 'select id from durabase.api_keys where workspace_id = $1', [idOf(workspace)]));
  }
  for (const run of RUNS.map(([name]) => name)) await waitOutside(owner, idOf(run));
  for (const run of ['runnerOwnPlain', 'theirs']) ids.set(`payload of ${run}`, await storePayload(owner, idOf(run)));
  await owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
    workspaceId,
    idOf('removed'),
  ]);
  await writeWords(owner);
  return {
    ids,
    names: new Map([...ids].map(([name, id]) => [id, name])),
    users,
    idOf,
    act: (role, work) => {
      if (role === 'anon') return asAnonymous(owner, work);
      return role === 'service' ? asService(owner, work) : asUser(owner, idOf(role), work);
    },
    client: (role) => {
      if (role === 'anon') return supabase.anonymous;
      return role === 'service' ? supabase.service : users[role].client;
    },
  };
};

const RUNS = [
  ['ownerShared', 'shared', 'owner'],
  ['runnerOwnPlain', 'plain', 'runnerOwn'],
  ['runnerOtherShared', 'shared', 'runnerOther'],
  ['removedPlain', 'plain', 'removed'],
  ['endUserPlain', 'plain', 'endUser'],
  ['theirs', 'theirTask', 'otherOwner'],
] as const;

const endBadly = async (owner: pg.Pool, runId: string): Promise<void> => {
  await openRun(owner, runId);
  const error = { code: 'STEP_FAILED', message: 'it did not work' };
  await callValue(owner, 'durabase_private.finish_runs', { p_items: [{ ...executionOf(runId), state: 'failed', error }] });
};

/** A step that waits to be ended from outside. */
const waitOutside = async (owner: pg.Pool, runId: string): Promise<void> => {
  await owner.query(
    `insert into durabase.run_steps (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, started_at)
     select id, 'outside', 0, workspace_id, 'Outside', 'external', 'waiting', epoch, 1, now() from durabase.task_runs where id = $1`,
    [runId],
  );
};

/** A value too large for its row, as a step would leave it. */
const storePayload = (owner: pg.Pool, runId: string): Promise<string> =>
  readValue(
    owner,
    `insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body)
     select workspace_id, id, 'x', 1, '{"large": true}' from durabase.task_runs where id = $1 returning id`,
    [runId],
  );

const signUpAll = async (supabase: UsedSupabase): Promise<Readonly<Record<Person, SignedIn>>> => {
  const users: Partial<Record<Person, SignedIn>> = {};
  for (const name of [...USER_ROLES, 'otherOwner'] as const) users[name] = await supabase.createUser();
  return users as Record<Person, SignedIn>;
};

/** What would stand between the tests of two runs on a Supabase that stays. The audit log stays, as it must. */
export const removeWorld = async (owner: pg.Pool, { idOf }: World): Promise<void> => {
  await owner.query('delete from durabase.workspaces where id = any ($1::uuid[])', [[idOf('acme'), idOf('other')]]);
};

/** The words by which runs are found, without numbering changes: whoever follows them does so later. */
const writeWords = async (owner: pg.Pool): Promise<void> => {
  await owner.query('select durabase_private.begin_run_texts()');
  while ((await readValue<number>(owner, 'select durabase_private.index_runs()')) !== 0);
};
