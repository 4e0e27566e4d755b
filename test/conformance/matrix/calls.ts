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

const RUNS = ['ownerShared', 'runnerOwnPlain', 'runnerOtherShared', 'removedPlain', 'theirs'] as const;
/** A run that failed, and one of somebody else that goes on. */
const MADE_FROM = ['endedPlain', 'theirs'] as const;
const STEPS = [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }];

const forEach = (names: readonly string[], toArgs: (name: string) => Args): readonly Call[] =>
  names.map((name) => ({ label: name, args: toArgs(name) }));

/** How each function is called. A new function of the exposed schema stands here, or the matrix fails. */
export const CALLS: Readonly<Record<string, (world: World, role: KeyedRole) => readonly Call[]>> = {
  cancel_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  changes_since: ({ idOf }) => forEach(feedsOf(idOf), (feed) => ({ feed })),
  // Nobody ends a step twice, so this asks for one that is not there: how far each role gets shows all the same.
  complete_step: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name), step: 'elsewhere' })),
  // What is deleted is gone for whoever comes next, so this asks for one that is not there.
  create_api_key: ({ idOf }) =>
    forEach(['acme', 'other'], (name) => ({ name: 'matrix', scopes: ['runs:read'], workspace: idOf(name) })),
  delete_task: () => [{ label: 'elsewhere', args: { task: 'elsewhere' } }],
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
  list_links: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  list_runs: ({ idOf }) => [
    { label: 'all', args: {} },
    ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) })),
    ...forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  ],
  loop_progress: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  pause_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  rerun: ({ idOf }) => forEach(MADE_FROM, (name) => ({ run: idOf(name) })),
  restore_task: ({ idOf }) => forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name) })),
  restore_version: ({ idOf }) => forEach(['plain', 'theirTask'], (name) => ({ task: idOf(name), version: 1 })),
  resume_run: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  retry_run: ({ idOf }) => forEach(MADE_FROM, (name) => ({ run: idOf(name) })),
  revoke_api_key: ({ idOf }) => forEach(['keyOfAcme', 'keyOfOther'], (name) => ({ api_key: idOf(name) })),
  run_feed: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name) })),
  save_task: ({ idOf }, role) =>
    forEach(['acme', 'other'], (name) => ({
      definition: { slug: `by-${role.toLowerCase()}`, steps: STEPS },
      workspace: idOf(name),
    })),
  start_run: ({ idOf }) => forEach(['plain', 'shared', 'theirTask'], (name) => ({ task: idOf(name), input: {} })),
  step_token: ({ idOf }) => forEach(RUNS, (name) => ({ run: idOf(name), step: 'outside' })),
  verify_audit: ({ idOf }) => [{ label: 'all', args: {} }, ...forEach(['acme', 'other'], (name) => ({ workspace: idOf(name) }))],
};

export const feedsOf = (idOf: World['idOf']): readonly string[] => [
  ...['acme', 'other'].flatMap((name) => [`workspace:${idOf(name)}`, `own:${idOf(name)}`]),
  ...['plain', 'shared', 'theirTask'].map((name) => `task:${idOf(name)}`),
];

/** Calls a function by direct SQL. What a writing one did is rolled back, and counts as `ok`. */
export const callDirectly = (world: World, role: KeyedRole, { name, writes }: DatabaseFunction, args: Args): Promise<Answer> => {
  const list = Object.keys(args).map((argument, index) => `${argument} => $${index + 1}`);
  const values = Object.values(args).map((value) => (typeof value === 'object' ? JSON.stringify(value) : value));
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
