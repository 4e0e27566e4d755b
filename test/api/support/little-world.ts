import type pg from 'pg';
import { asUser } from '../../support/as-role.ts';
import {
  addMember,
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  openRun,
  shareTask,
  startRun,
} from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import type { Who } from './operations.ts';

/** A workspace with one of everything that a path can name, in a state in which each operation can be done. */
export interface LittleWorld {
  readonly names: Readonly<Record<string, string>>;
  readonly users: Readonly<Record<Exclude<Who, 'service'>, string>>;
}

const DEFINITION = { slug: 'greet', steps: [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }] };
/** Operations for which the run of the world must have ended. */
const ON_ENDED = new Set(['retryRun', 'rerunRun', 'forkRun', 'deleteWorkspace']);

export const createLittleWorld = async (owner: pg.Pool, operation: string): Promise<LittleWorld> => {
  const home = await createWorkspace(owner);
  const other = await createWorkspace(owner);
  const user = await addMember(owner, { workspaceId: home.id, role: 'editor' });
  const task = await createReadyTask(owner, home.id);
  // One that the compiler takes, to be restored.
  await owner.query(`update durabase.task_versions set definition = $2 where task_id = $1`, [task.id, DEFINITION]);
  const { id: run } = ON_ENDED.has(operation)
    ? await createRunIn(owner, task, 'failed')
    : await openRun(owner, (await startRun(owner, task)).id, [
        { stepId: 'outside', name: 'Outside', action: 'external', state: 'waiting' },
      ]);
  await owner.query('update durabase.task_runs set actor_kind = $2, actor_user_id = $3 where id = $1', [
    run,
    'user',
    home.users.owner,
  ]);
  const asOwner = <Value>(sql: string, values: readonly unknown[]): Promise<Value> =>
    asUser(owner, home.users.owner, async (client) => {
      const { rows } = await client.query<{ value: Value }>(`select ${sql} as value`, [...values]);
      const [row] = rows;
      if (row === undefined) throw new Error(`${sql} gave nothing`);
      return row.value;
    });
  const token = ON_ENDED.has(operation) ? '' : await asOwner<string>("durabase.step_token($1, 'outside')", [run]);
  if (operation === 'resumeRun') await asOwner('durabase.pause_run($1)', [run]);
  if (operation === 'restoreTask') await asOwner('durabase.delete_task($1, $2)', [task.slug, home.id]);
  if (operation === 'unpublishTask') await asOwner('durabase.publish_task($1, $2)', [task.slug, home.id]);
  const shared = await createUser(owner);
  await shareTask(owner, { taskId: task.id, userId: shared });
  const { id: invitation, token: invitationToken } = await asOwner<{ readonly id: string; readonly token: string }>(
    "to_jsonb(durabase.invite_member($1, $2, 'viewer'))",
    [home.id, await readValue<string>(owner, 'select email from auth.users where id = $1', [other.users.owner])],
  );
  const payload = await readValue<string>(
    owner,
    `insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body) values ($1, $2, 'x', 1, '{}') returning id`,
    [home.id, run],
  );
  await asOwner('durabase.create_api_key($1, $2::text[], $3)', ['first', ['runs:read'], home.id]);
  const apiKey = await readValue<string>(owner, 'select id from durabase.api_keys where workspace_id = $1', [home.id]);
  const member = operation === 'unshareTask' ? shared : user;
  return {
    names: {
      workspace: home.id,
      task: task.id,
      run,
      step: 'outside',
      version: '1',
      token,
      user: member,
      invitation,
      invitationToken,
      payload,
      apiKey,
      feed: `workspace:${home.id}`,
    },
    users: { ...home.users, otherOwner: other.users.owner },
  };
};

/** A path with the names of the world in it. */
export const fill = (path: string, names: Readonly<Record<string, string>>): string =>
  path.replace(/:(\w+)/g, (_, name: string) => names[name] ?? name);
