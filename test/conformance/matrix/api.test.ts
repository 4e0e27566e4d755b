import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routes } from '../../../src/api/routes/index.ts';
import { SECRET_KEY, startTestApi, type TestApi } from '../../api/support/test-api.ts';
import { readLocalStack } from '../support/settings.ts';
import { useSupabase } from '../support/use-supabase.ts';
import { callDirectly, CALLS, feedsOf, type Args } from './calls.ts';
import { readFunctions, type DatabaseFunction } from './catalogue.ts';
import { useComparisons } from './comparisons.ts';
import { KEYED_ROLES, ROLES, type KeyedRole, type Role } from './roles.ts';
import { answerOf, readBothWays, type Answer } from './rows.ts';
import { createWorld, removeWorld, type World } from './world.ts';

const supabase = useSupabase();
const { compare, takeDifferences } = useComparisons('API beside direct SQL');
let world: World;
let api: TestApi;
let functions: readonly DatabaseFunction[];

type Body = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, unknown>>;

/** A request, and how direct SQL answers the same question. */
interface Question {
  readonly path: string;
  readonly json?: Body;
  /** What of the answer is compared. */
  readonly read: (body: Body) => readonly unknown[];
  readonly directly: (role: KeyedRole) => Promise<Answer>;
}

const items = (body: Body): readonly Item[] => body['items'] as readonly Item[];
const pluck = (name: string) => (body: Body) => items(body).map((item) => item[name]);
const RUNS = ['ownerShared', 'runnerOwnPlain', 'runnerOtherShared', 'removedPlain', 'theirs'] as const;
const TASKS = ['plain', 'shared', 'theirTask'] as const;

const select =
  (sql: string, values: readonly unknown[] = [], refusal?: string) =>
  async (role: KeyedRole): Promise<Answer> => {
    const answer = await answerOf(
      world.act(role, async (client) =>
        (await client.query<{ value: unknown }>(sql, [...values])).rows.map(({ value }) => value),
      ),
    );
    return refusal !== undefined && answer.length === 0 ? refusal : answer;
  };
const call =
  (name: string, args: Args, pick: (row: Item) => unknown) =>
  async (role: KeyedRole): Promise<Answer> => {
    const found = functions.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`there is no function durabase.${name}`);
    const answer = await callDirectly(world, role, found, args);
    return typeof answer === 'string' ? answer : answer.map((row) => pick(row as Item));
  };

const READS: Readonly<Record<string, () => readonly Question[]>> = {
  '/api/v1/tasks': () => [
    {
      path: '/api/v1/tasks?limit=100',
      read: pluck('id'),
      directly: select('select id as value from durabase.tasks where deleted_at is null'),
    },
  ],
  '/api/v1/tasks/:task': () =>
    TASKS.map((name) => ({
      path: `/api/v1/tasks/${world.idOf(name)}`,
      read: (body) => [(body['task'] as Item)['id']],
      directly: select('select id as value from durabase.tasks where id = $1', [world.idOf(name)], '404 TASK_NOT_FOUND'),
    })),
  '/api/v1/tasks/:task/versions': () =>
    TASKS.map((name) => ({
      path: `/api/v1/tasks/${world.idOf(name)}/versions`,
      read: pluck('id'),
      directly: select(
        'select id as value from durabase.task_versions where task_id = $1',
        [world.idOf(name)],
        '404 TASK_NOT_FOUND',
      ),
    })),
  '/api/v1/runs': () => [
    { path: '/api/v1/runs?limit=100', read: pluck('id'), directly: select('select id as value from durabase.task_runs') },
  ],
  '/api/v1/runs/:run': () => forRuns('', (body) => [body['id']], 'select id as value from durabase.task_runs where id = $1'),
  '/api/v1/runs/:run/steps': () =>
    forRuns('/steps', pluck('stepId'), 'select step_id as value from durabase.run_steps where run_id = $1'),
  '/api/v1/runs/:run/events': () =>
    forRuns('/events', pluck('seq'), 'select seq::int as value from durabase.run_events where run_id = $1'),
  '/api/v1/feeds': () => [{ path: '/api/v1/feeds', read: pluck('topic'), directly: call('feeds', {}, (row) => row['topic']) }],
  '/api/v1/feeds/:feed/changes': () =>
    feedsOf(world.idOf).map((feed) => ({
      path: `/api/v1/feeds/${feed}/changes`,
      read: pluck('seq'),
      directly: call('changes_since', { feed }, (row) => row['seq']),
    })),
  '/api/v1/payloads/:payload': () =>
    ['payload of runnerOwnPlain', 'payload of theirs'].map((name) => ({
      path: `/api/v1/payloads/${world.idOf(name)}`,
      read: (body) => [body['value']],
      directly: call('get_payload', { payload: world.idOf(name) }, (value) => value),
    })),
  '/api/v1/drift': () => [{ path: '/api/v1/drift', read: pluck('id'), directly: call('drift', {}, (row) => row['id']) }],
};

const forRuns = (suffix: string, read: Question['read'], sql: string): readonly Question[] =>
  RUNS.map((name) => ({
    path: `/api/v1/runs/${world.idOf(name)}${suffix}`,
    read,
    directly: select(sql, [world.idOf(name)], '404 RUN_NOT_FOUND'),
  }));

const WRITES: Readonly<Record<string, (role: KeyedRole) => readonly Question[]>> = {
  '/api/v1/tasks': (role) =>
    fromCalls('save_task', role, ({ definition, workspace }) => [
      `/api/v1/tasks?workspace=${String(workspace)}`,
      definition as Body,
    ]),
  '/api/v1/tasks/:task/runs': (role) =>
    fromCalls('start_run', role, ({ task, input }) => [`/api/v1/tasks/${String(task)}/runs`, { input }]),
  '/api/v1/runs': (role) => fromCalls('start_run', role, ({ task, input }) => ['/api/v1/runs', { task, input }]),
  '/api/v1/runs/:run/cancel': (role) => fromCalls('cancel_run', role, ({ run }) => [`/api/v1/runs/${String(run)}/cancel`, {}]),
};

const fromCalls = (name: string, role: KeyedRole, toRequest: (args: Args) => readonly [string, Body]): readonly Question[] =>
  (CALLS[name]?.(world, role) ?? []).map(({ args }) => {
    const [path, json] = toRequest(args);
    return { path, json, read: () => [], directly: call(name, args, () => undefined) };
  });

const ask = async (role: Role, { path, json, read }: Question): Promise<Answer> => {
  const { status, body } = await api.call<Body>(json === undefined ? 'GET' : 'POST', path, {
    headers: credentials(role),
    ...(json === undefined ? {} : { json }),
  });
  if (status >= 400) return `${status} ${String(body['code'])}`;
  return json === undefined ? read(body) : 'ok';
};

const credentials = (role: Role): Readonly<Record<string, string>> => {
  if (role === 'none') return {};
  if (role === 'anon') return { apikey: supabase.settings.publishableKey };
  return role === 'service' ? { apikey: SECRET_KEY } : { authorization: `Bearer ${world.users[role].token}` };
};

const onStack = supabase.settings.flavor === 'stack' ? describe : describe.skip;

onStack('Access by the API', () => {
  beforeAll(async () => {
    const { urls, keys } = readLocalStack();
    functions = await readFunctions(supabase.owner);
    world = await createWorld(supabase);
    api = await startTestApi({ gatewayUrl: urls.gateway, localSecret: keys.jwtSecret });
  }, 60_000);
  afterAll(async () => {
    await api.close();
    await removeWorld(supabase.owner, world);
  });

  it('has a question for every route that callers may use', () => {
    const pathsOf = (method: string) =>
      routes.filter((route) => route.access === 'caller' && route.method === method).map(({ path }) => path);
    expect(pathsOf('GET').toSorted()).toEqual(Object.keys(READS).toSorted());
    expect(pathsOf('POST').toSorted()).toEqual([...Object.keys(WRITES), '/api/v1/tasks/validate'].toSorted());
  });

  it.each(['none', 'anon'] as const)('lets %s in nowhere', async (role) => {
    const questions = [
      ...Object.values(READS).flatMap((make) => make()),
      ...Object.values(WRITES).flatMap((make) => make('anon')),
    ];
    for (const question of questions) compare(`${question.path} for ${role}`, await ask(role, question), '401 UNAUTHENTICATED');
    expect(takeDifferences()).toEqual([]);
  });

  describe.each(Object.keys(READS))('GET %s', (path) => {
    it.each(ROLES.filter((role) => role !== 'none' && role !== 'anon'))('answers %s as direct SQL does', async (role) => {
      for (const question of READS[path]?.() ?? []) {
        const { seen, reference } = await readBothWays(
          () => question.directly(role),
          () => ask(role, question),
        );
        compare(`${question.path} for ${role}`, seen, reference);
      }
      expect(takeDifferences()).toEqual([]);
    });
  });

  describe.each(Object.keys(WRITES))('POST %s', (path) => {
    it.each(KEYED_ROLES.filter((role) => role !== 'anon'))('lets %s do what direct SQL lets him do', async (role) => {
      for (const question of WRITES[path]?.(role) ?? [])
        compare(`POST ${question.path} by ${role}`, await ask(role, question), await question.directly(role));
      expect(takeDifferences()).toEqual([]);
    });
  });
});
