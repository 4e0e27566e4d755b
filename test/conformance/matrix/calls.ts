import { refusedAs } from '../../support/refusals.ts';
import type { DatabaseFunction } from './catalogue.ts';
import type { KeyedRole } from './roles.ts';
import { answerOf, type Answer } from './rows.ts';
import type { World } from './world.ts';

export type Args = Readonly<Record<string, unknown>>;

/** A call of a function, and what to call it in a report. */
export interface Call {
  readonly label: string;
  readonly args: Args;
}

const RUNS = ['ownerShared', 'runnerOwnPlain', 'runnerOtherShared', 'removedPlain', 'endUserPlain', 'theirs'] as const;
/** A run that failed, and one of somebody else that goes on. */
const MADE_FROM = ['endedPlain', 'theirs'] as const;
/** No such workspace, and no such user. */
const NOBODY = '00000000-0000-7000-8000-000000000000';
const STEPS = [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }];

const forEach = (names: readonly string[], toArgs: (name: string) => Args): readonly Call[] =>
  names.map((name) => ({ label: name, args: toArgs(name) }));

/** How each function is called. A new function of the exposed schema stands here, or the matrix fails. */
export const CALLS: Readonly<Record<string, (world: World, role: KeyedRole) => readonly Call[]>> = {
  accept_invitation: () => [{ label: 'unknown', args: { token: 'dbi_unknown' } }],
  cancel_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  changes_since: ({ idOf }) => forEach(feedsOf(idOf), (feed) => ({ feed })),
  // Nobody ends a step twice, so this asks for one that is not there: how far each role gets shows all the same.
  complete_step: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name), step: 'elsewhere' })),
  count_runs: ({ idOf }) => [
    { label: 'all', args: {} },
    ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) })),
    ...forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  ],
  create_workspace: () => [{ label: 'for nobody', args: { name: 'x', owner: NOBODY } }],
  // What is deleted is gone for whoever comes next, so this asks for one that is not there.
  create_api_key: ({ idOf }) =>
    forEach(['acme', 'other'], (name) => ({ name: 'matrix', scopes: ['runs:read'], workspace: idOf(name) })),
  delete_task: () => [{ label: 'elsewhere', args: { task: 'elsewhere' } }],
  delete_workspace: () => [{ label: 'elsewhere', args: { workspace: NOBODY } }],
  drift: () => [{ label: 'all', args: {} }],
  emit_event: ({ idOf }) => forEach(['acme', 'other'], (name) => ({ name: 'order.paid', workspace: idOf(name) })),
  end_step_by_token: () => [{ label: 'unknown', args: { token: 'dbt_unknown' } }],
  events_since: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  explain_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  fail_step: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name), step: 'elsewhere', message: 'no' })),
  feeds: ({ idOf }) => [{ label: 'all', args: {} }, ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) }))],
  for_runs: ({ idOf }) => [
    { label: 'all', args: { operation: 'pause', filter: { runIds: RUNS.map(idOf) } } },
    { label: 'empty', args: { operation: 'pause', filter: {} } },
  ],
  fork_run: ({ idOf }) => forEach(MADE_FROM, (name) => ({ run: idOf(name), from_step: 'hello' })),
  get_payload: ({ idOf }) => forEach(['payload of runnerOwnPlain', 'payload of theirs'], (name) => ({ payload: idOf(name) })),
  // Whatever changes a member would change the world, so these ask for a workspace that is not there.
  invite_member: ({ idOf }, role) =>
    forEach(['acme', 'other'], (name) => ({
      workspace: idOf(name),
      email: `${role.toLowerCase()}@example.test`,
      role: 'viewer',
    })),
  leave_workspace: () => [{ label: 'elsewhere', args: { workspace: NOBODY } }],
  list_links: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  list_members: ({ idOf }) => forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) })),
  list_runs: ({ idOf }) => [
    { label: 'all', args: {} },
    ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) })),
    ...forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  ],
  list_shares: ({ idOf }) => forEach(['shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  loop_progress: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  // Holds the name that stands in the token, which differs: test/db/functions/workspaces.test.ts has it.
  me: () => [],
  pause_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  prepare_upload: ({ idOf }) =>
    forEach(['acme', 'other'], (name) => ({
      file_name: 'a.csv',
      content_type: 'text/csv',
      bytes: 4,
      workspace: idOf(name),
    })),
  publish_task: ({ idOf }) => forEach(['plain'], (name) => ({ task: idOf(name) })),
  published_tasks: ({ idOf }) => forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) })),
  remove_member: () => [{ label: 'elsewhere', args: { workspace: NOBODY, user_id: NOBODY } }],
  rename_workspace: ({ idOf }) => forEach(['acme', 'other'], (name) => ({ workspace: idOf(name), name })),
  rerun: ({ idOf }) => forEach(MADE_FROM, (name) => ({ run: idOf(name) })),
  restore_task: ({ idOf }) => forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  restore_version: ({ idOf }) => forEach(['plain', 'theirTask'], (name) => ({ task: idOf(name), version: 1 })),
  resume_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  retry_run: ({ idOf }) => forEach(MADE_FROM, (name) => ({ run: idOf(name) })),
  revoke_api_key: ({ idOf }) => forEach(['keyOfAcme', 'keyOfOther'], (name) => ({ api_key: idOf(name) })),
  revoke_invitation: () => [{ label: 'elsewhere', args: { invitation: NOBODY } }],
  run_feed: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  run_progress: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  save_task: ({ idOf }, role) =>
    forEach(['acme', 'other'], (name) => ({
      definition: { slug: `by-${role.toLowerCase()}`, steps: STEPS },
      workspace: idOf(name),
    })),
  search_runs: ({ idOf }) => [
    { label: 'words', args: { q: '-nothing' } },
    ...forEach(['acme', 'other'], (name) => ({ q: '-nothing', workspace: idOf(name) })),
    ...forEach(['plain', 'shared', 'theirTask'], (name) => ({ q: '-nothing', task: idOf(name) })),
    ...forEach(RUNS, (name) => ({ q: idOf(name) })),
  ],
  search_tasks: ({ idOf }) => [
    { label: 'words', args: { q: 'plain or shared or theirtask' } },
    { label: 'the beginning of a slug', args: { q: 'pla' } },
    ...forEach(['acme', 'other'], (name) => ({ q: '-nothing', workspace: idOf(name) })),
  ],
  set_member_role: () => [{ label: 'elsewhere', args: { workspace: NOBODY, user_id: NOBODY, role: 'viewer' } }],
  share_task: ({ idOf }) => forEach(['plain'], (name) => ({ task: idOf(name), user_id: NOBODY })),
  start_run: ({ idOf }) => forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name), input: {} })),
  step_token: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name), step: 'outside' })),
  transfer_ownership: () => [{ label: 'elsewhere', args: { workspace: NOBODY, user_id: NOBODY } }],
  unpublish_task: ({ idOf }) => forEach(['theirTask'], (name) => ({ task: idOf(name) })),
  unshare_task: ({ idOf }) => forEach(['plain'], (name) => ({ task: idOf(name), user_id: NOBODY })),
  update_instance_settings: () => [{ label: 'nothing', args: { settings: {} } }],
  verify_audit: ({ idOf }) => [{ label: 'all', args: {} }, ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) }))],
};

export const feedsOf = (idOf: World['idOf']): readonly string[] => [
  ...['acme', 'other'].flatMap((name) => [`workspace:${idOf(name)}`, `own:${idOf(name)}`]),
  ...['plain', 'shared', 'theirTask'].map((name) => `task:${idOf(name)}`),
];

/** Calls a function by direct SQL. What a writing one did is rolled back, and counts as `ok`. */
export const callDirectly = (world: World, role: KeyedRole, { name, writes }: DatabaseFunction, args: Args): Promise<Answer> => {
  const list = Object.keys(args).map((argument, index) => `${argument} => $${index + 1}`);
  const values = Object.values(args).map((value) =>
    typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value,
  );
  return answerOf(
    world.act(role, async (client) => {
      await client.query("set local timezone = 'UTC'");
      const { rows } = await client.query<{ row: unknown }>(
        `select to_jsonb(x) as row from durabase.${name}(${list.join(', ')}) x`,
        values,
      );
      if (writes) await client.query('rollback');
      return rows.map(({ row }) => row);
    }),
  ).then((answer) => (writes && typeof answer !== 'string' ? 'ok' : answer));
};

/** Calls a function by rpc. */
export const callByRest = async (
  world: World,
  role: KeyedRole,
  { name, writes, returnsSet }: DatabaseFunction,
  args: Args,
): Promise<Answer> => {
  const { data, error } = await world.client(role).schema('durabase').rpc(name, args);
  if (error !== null)
    return refusedAs(Promise.reject({ code: error.code, detail: error.details ?? '{}', message: error.message }));
  if (writes) return 'ok';
  return returnsSet ? (data as readonly unknown[]) : [data];
};
