import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routes } from '../../../src/api/routes/index.ts';
import { SECRET_KEY, startTestApi, type TestApi } from '../../api/support/test-api.ts';
import { readLocalStack } from '../support/settings.ts';
import { createQuestions, READ_PATHS, WRITE_PATHS, type Body, type Question, type Questions } from './api-questions.ts';
import { readFunctions } from './catalogue.ts';
import { useComparisons } from './comparisons.ts';
import type { MatrixContext } from './matrix-context.ts';
import { KEYED_ROLES, type Role } from './roles.ts';
import { readBothWays, type Answer } from './rows.ts';

/** Routes that ask for more than direct SQL does, or take away what the others look at: test/api/task-versions.test.ts has them. */
const APART: ReadonlySet<string> = new Set([
  'POST /api/v1/codec/encode', // payloads of histories: test/api/codec.test.ts
  'POST /api/v1/codec/decode',
  'DELETE /api/v1/api-keys/:apiKey', // test/api/api-keys.test.ts
  'POST /api/v1/runs/batch', // each of its runs as `POST /api/v1/runs`: test/api/start-batch.test.ts
  'POST /api/v1/codec/decode', // of payloads, not of rows: test/api/codec.test.ts
  'POST /api/v1/codec/encode',
  'POST /api/v1/tasks/validate',
  'DELETE /api/v1/tasks/:task',
  'POST /api/v1/tasks/:task/restore',
  'GET /api/v1/tasks/:task/versions/:version',
  'POST /api/v1/tasks/:task/versions/:version/restore',
  'GET /api/v1/tasks/:task/diff',
  'POST /api/v1/tasks/:task/diff',
  // People and their rights: test/api/people.test.ts has them.
  'GET /api/v1/workspaces',
  'POST /api/v1/workspaces',
  'GET /api/v1/workspaces/:workspace',
  'PATCH /api/v1/workspaces/:workspace',
  'DELETE /api/v1/workspaces/:workspace',
  'POST /api/v1/workspaces/:workspace/transfer',
  'POST /api/v1/workspaces/:workspace/leave',
  'GET /api/v1/workspaces/:workspace/members',
  'PATCH /api/v1/workspaces/:workspace/members/:user',
  'DELETE /api/v1/workspaces/:workspace/members/:user',
  'GET /api/v1/workspaces/:workspace/invitations',
  'POST /api/v1/workspaces/:workspace/invitations',
  'DELETE /api/v1/workspaces/:workspace/invitations/:invitation',
  'POST /api/v1/invitations/accept',
  'GET /api/v1/tasks/:task/permissions',
  'PUT /api/v1/tasks/:task/permissions/:user',
  'DELETE /api/v1/tasks/:task/permissions/:user',
  'POST /api/v1/tasks/:task/publish',
  'POST /api/v1/tasks/:task/unpublish',
  'GET /api/v1/published-tasks',
  'GET /api/v1/instance-settings',
  'PATCH /api/v1/instance-settings',
  'GET /api/v1/me',
  'GET /api/v1/audit',
  'GET /api/v1/audit/verification',
]);
const IN = KEYED_ROLES.filter((role) => role !== 'anon');

export const describeApi = (context: MatrixContext): void => {
  const { compare, takeDifferences } = useComparisons('API beside direct SQL');
  let api: TestApi;
  let questions: Questions;

  beforeAll(async () => {
    const { urls, keys } = readLocalStack();
    questions = createQuestions(context.world, await readFunctions(context.supabase.owner));
    api = await startTestApi({ gatewayUrl: urls.gateway, localSecret: keys.jwtSecret });
  });
  afterAll(() => api.close());

  const credentials = (role: Role): Readonly<Record<string, string>> => {
    if (role === 'none') return {};
    if (role === 'anon') return { apikey: context.supabase.settings.publishableKey };
    return role === 'service' ? { apikey: SECRET_KEY } : { authorization: `Bearer ${context.world.users[role].token}` };
  };
  const ask = async (role: Role, { path, json, read }: Question): Promise<Answer> => {
    const { status, body } = await api.call<Body>(json === undefined ? 'GET' : 'POST', path, {
      headers: credentials(role),
      ...(json === undefined ? {} : { json }),
    });
    if (status >= 400) return `${status} ${String(body['code'])}`;
    return json === undefined ? read(body) : 'ok';
  };

  it('has a question for every route that callers may use', () => {
    const asked = routes.filter(({ access, method, path }) => access === 'caller' && !APART.has(`${method} ${path}`));
    const pathsOf = (method: string) => asked.filter((route) => route.method === method).map(({ path }) => path);
    expect(pathsOf('GET').toSorted()).toEqual(READ_PATHS.toSorted());
    expect(pathsOf('POST').toSorted()).toEqual(WRITE_PATHS.toSorted());
    expect(asked.filter(({ method }) => method !== 'GET' && method !== 'POST')).toEqual([]);
  });

  it.each(['none', 'anon'] as const)('lets %s in nowhere', async (role) => {
    const all = [
      ...READ_PATHS.flatMap((path) => questions.toRead(path)),
      ...WRITE_PATHS.flatMap((path) => questions.toWrite(path, 'anon')),
    ];
    for (const question of all) compare(`${question.path} for ${role}`, await ask(role, question), '401 UNAUTHENTICATED');
    expect(takeDifferences()).toEqual([]);
  });

  describe.each(READ_PATHS)('GET %s', (path) => {
    it.each(IN)('answers %s as direct SQL does', async (role) => {
      for (const question of questions.toRead(path)) {
        const { seen, reference } = await readBothWays(
          () => question.directly(role),
          () => ask(role, question),
        );
        compare(`${question.path} for ${role}`, seen, reference);
      }
      expect(takeDifferences()).toEqual([]);
    });
  });

  describe.each(WRITE_PATHS)('POST %s', (path) => {
    it.each(IN)('lets %s do what direct SQL lets him do', async (role) => {
      for (const question of questions.toWrite(path, role))
        compare(`POST ${question.path} by ${role}`, await ask(role, question), await question.directly(role));
      expect(takeDifferences()).toEqual([]);
    });
  });
};
