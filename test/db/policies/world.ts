import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  openRun,
  shareTask,
  startRun,
  type ReadyTask,
} from '../../support/build-rows.ts';
import { callRow } from '../../support/call.ts';
import type { Caller } from './matrix.ts';

type Work<Result> = (client: pg.ClientBase) => Promise<Result>;

export interface World {
  act<Result>(caller: Caller, work: Work<Result>): Promise<Result>;
}

/**
 * Two workspaces and a deleted one. In `acme` there is a member of each role, a guest with whom one task is shared, and somebody
 * who was removed but once ran and shared in everything. Rows carry their names where the matrix looks for them.
 */
export const createWorld = async (owner: pg.Pool): Promise<World> => {
  await owner.query("update durabase.instance_settings set sign_up = 'run_only'");
  const [acme, other, gone] = [
    await createWorkspace(owner, 'acme'),
    await createWorkspace(owner, 'other'),
    await createWorkspace(owner, 'gone'),
  ];
  const users: Record<string, string> = { ...acme.users, otherOwner: other.users.owner, deletedWorkspace: gone.users.owner };
  for (const name of ['guest', 'removed', 'stranger', 'instanceAdmin', 'deletedGuest', 'endUser'])
    users[name] = await createUser(owner);
  const userOf = (name: string): string => users[name] ?? name;

  await keepOnlyOwners(owner, [other.id, gone.id]);
  await owner.query('insert into durabase.instance_admins (user_id) values ($1)', [userOf('instanceAdmin')]);
  const plain = await createReadyTask(owner, acme.id, { slug: 'plain' });
  const shared = await createReadyTask(owner, acme.id, { slug: 'shared' });
  const [theirs, lost] = [await createReadyTask(owner, other.id), await createReadyTask(owner, gone.id)];
  const named: readonly (readonly [ReadyTask, string])[] = [
    [plain, 'acme/plain'],
    [shared, 'acme/shared'],
    [theirs, 'other/task'],
    [lost, 'gone/task'],
  ];
  for (const [task, name] of named) {
    await owner.query('update durabase.tasks set description = $2 where id = $1', [task.id, name]);
    await owner.query(
      `update durabase.task_versions set definition = definition || jsonb_build_object('description', $2::text) where task_id = $1`,
      [task.id, name],
    );
  }
  await shareTask(owner, { taskId: shared.id, userId: userOf('guest') });
  await shareTask(owner, { taskId: lost.id, userId: userOf('deletedGuest'), canRun: true });
  await shareTask(owner, { taskId: plain.id, userId: userOf('removed'), canRun: true });

  const ownerShared = await runAs(owner, { task: shared, name: 'acme/ownerShared', userId: userOf('owner') });
  const runnerShared = await runAs(owner, { task: shared, name: 'acme/runnerShared', userId: userOf('runner') });
  const runnerPlain = await runAs(owner, { task: plain, name: 'acme/runnerPlain', userId: userOf('runner') });
  // started by somebody who has been removed since: others see it, he does not
  const ownerPlain = await runAs(owner, { task: plain, name: 'acme/ownerPlain', userId: userOf('removed') });
  await linkRuns(owner, { parent: ownerShared, child: runnerShared, name: 'ownerShared>runnerShared' });
  await linkRuns(owner, { parent: runnerShared, child: runnerPlain, name: 'runnerShared>runnerPlain' });
  await linkRuns(owner, { parent: ownerShared, child: ownerPlain, name: 'ownerShared>ownerPlain' });
  await linkRuns(owner, { parent: ownerPlain, child: ownerShared, name: 'ownerPlain>ownerShared' });
  await callRow(owner, 'durabase.publish_task', { task: plain.id });
  await runAs(owner, { task: plain, name: 'acme/endUserPlain', userId: userOf('endUser') });
  for (const name of ['owner', 'runner'])
    await asUser(owner, userOf(name), (client) =>
      callRow(client, 'durabase.emit_event', { name: `acme/${name}`, workspace: acme.id }),
    );
  // of somebody who was a member once
  await owner.query(
    "insert into durabase.events (workspace_id, name, actor_kind, actor_user_id, actor_name) values ($1, 'acme/removed', 'user', $2, 'x')",
    [acme.id, userOf('removed')],
  );
  await owner.query('update durabase.task_permissions set can_view = false, can_run = false where user_id = $1', [
    userOf('removed'),
  ]);
  for (const [task, name] of [
    [theirs, 'other'],
    [lost, 'gone'],
  ] as const) {
    const parent = await startMarked(owner, task, `${name}/run`);
    await linkRuns(owner, { parent, child: await startMarked(owner, task, `${name}/child`), name });
    await callRow(owner, 'durabase.emit_event', { name: `${name}/event`, workspace: task.workspaceId });
  }
  for (const [name, { id }] of Object.entries({ acme, other, gone }))
    await callRow(owner, 'durabase.invite_member', { workspace: id, email: `${name}@x.test`, role: 'viewer' });
  await owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);

  await owner.query('drop trigger audit_log_is_not_truncated on durabase.audit_log');
  await owner.query('truncate durabase.audit_log');
  for (const workspace of [acme, other, gone]) {
    await owner.query(
      "insert into durabase.audit_log (workspace_id, actor_kind, actor_name, action, entity, entity_id) select id, 'service', 'x', 'x', 'x', name from durabase.workspaces where id = $1",
      [workspace.id],
    );
  }
  for (const workspace of [acme, other, gone]) {
    await owner.query(
      `insert into durabase.api_keys (workspace_id, name, prefix, scopes, created_by)
       select id, name, 'dbk_abcdefgh', '{runs:read}', $2 from durabase.workspaces where id = $1`,
      [workspace.id, workspace.users.owner],
    );
  }
  await nameEverybody(owner, users);
  return {
    act: (caller, work) => {
      if (caller === 'anonymous') return asAnonymous(owner, work);
      if (caller === 'service') return asService(owner, work);
      return asUser(owner, userOf(caller), work);
    },
  };
};

const runAs = async (
  owner: pg.Pool,
  { task, name, userId }: { readonly task: ReadyTask; readonly name: string; readonly userId: string },
): Promise<string> => {
  const run = await asUser(owner, userId, (client) =>
    callRow<{ readonly id: string }>(client, 'durabase.start_run', { task: task.id, input: { name } }),
  );
  await markRun(owner, run.id, name);
  return run.id;
};

const startMarked = async (owner: pg.Pool, task: ReadyTask, name: string): Promise<string> => {
  const { id } = await startRun(owner, task, { input: { name } });
  await markRun(owner, id, name);
  return id;
};

/** As if a step of the parent had started the child. */
const linkRuns = async (
  owner: pg.Pool,
  { parent, child, name }: { readonly parent: string; readonly child: string; readonly name: string },
): Promise<void> => {
  await owner.query(
    `insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id, iteration)
     select id, $2, workspace_id, 'child', $3, 0 from durabase.task_runs where id = $1`,
    [child, parent, name],
  );
};

/** One step and one event for each run, with its name. */
const markRun = async (owner: pg.Pool, runId: string, name: string): Promise<void> => {
  await openRun(owner, runId);
  await owner.query('delete from durabase.run_events where run_id = $1 and seq > 1', [runId]);
  await owner.query("update durabase.run_events set data = jsonb_build_object('name', $2::text) where run_id = $1", [
    runId,
    name,
  ]);
  await owner.query("update durabase.run_steps set output = jsonb_build_object('name', $2::text) where run_id = $1", [
    runId,
    name,
  ]);
};

/** Users of roles that nobody looks through would only make the lists longer. */
const keepOnlyOwners = async (owner: pg.Pool, workspaceIds: readonly string[]): Promise<void> => {
  await owner.query(
    `delete from auth.users u using durabase.workspace_members m
     where m.user_id = u.id and m.workspace_id = any ($1) and m.role <> 'owner'`,
    [workspaceIds],
  );
  await owner.query('delete from durabase.profiles where user_id is null');
};

const nameEverybody = async (owner: pg.Pool, users: Readonly<Record<string, string>>): Promise<void> => {
  await owner.query(
    'create schema world; create table world.names (id uuid primary key, name text); grant usage on schema world to public; grant select on world.names to public',
  );
  for (const [name, id] of Object.entries(users)) await owner.query('insert into world.names values ($1, $2)', [id, name]);
  await owner.query('insert into world.names select id, name from durabase.workspaces');
};
