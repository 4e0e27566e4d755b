import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@durabase/contracts/api/run';
import type { EndedStep } from '@durabase/contracts/api/external-step';
import { tellStory } from '../db/support/tell-story.ts';
import { admitRun, createReadyTask, createUser, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const statements: string[] = [];
const used = useApi({ onStatement: (name) => void statements.push(name) });
const story = tellStory(used.database);
let acme: Workspace;
let task: ReadyTask;
let stranger: string;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id, { plan: { steps: [{ id: 'make', action: 'external' }] } });
  stranger = await createUser(used.database.owner);
});

const as = (role: keyof Workspace['users']): string => acme.users[role];
/** A run whose external step waits, in each of so many iterations. */
const waiting = async (user = as('runner'), iterations = [0]): Promise<string> => {
  const { body } = await used.api.call<Run>('POST', `/api/v1/tasks/${task.id}/runs`, { as: user, json: {} });
  await admitRun(used.database.owner, body.id);
  await story.open(body.id);
  for (const iteration of iterations) await story.wait(body.id, 'make', { kind: 'external' }, { iteration });
  return body.id;
};
const pathOf = (id: string, rest: string): string => `/api/v1/runs/${id}/steps/make/${rest}`;
const refused = async (path: string, user: string | undefined, json: unknown): Promise<string> =>
  inShort(await used.api.refusal('POST', path, { ...(user === undefined ? {} : { as: user }), json }));
const token = async (id: string, json: object = {}): Promise<string> =>
  (await used.api.call<{ token: string }>('POST', pathOf(id, 'token'), { as: as('runner'), json })).body.token;

describe.each([
  ['complete', { output: 1 }],
  ['fail', { message: 'no' }],
  ['token', {}],
])('POST /runs/{run}/steps/{step}/%s', (rest, json) => {
  it('is for the starter of the run and for admins', async () => {
    const id = await waiting();
    expect(await refused(pathOf(id, rest), stranger, json)).toBe('404 RUN_NOT_FOUND');
    expect(await refused(pathOf(id, rest), as('viewer'), json)).toBe('403 FORBIDDEN');
    expect(await refused(pathOf(id, rest), as('editor'), json)).toBe('403 FORBIDDEN');
    const good = rest === 'token' ? 201 : 200;
    expect((await used.api.call('POST', pathOf(id, rest), { as: as('runner'), json })).status).toBe(good);
    expect((await used.api.call('POST', pathOf(await waiting(), rest), { as: as('admin'), json })).status).toBe(good);
  });

  it('refuses other methods, other steps and what it does not know', async () => {
    const id = await waiting();
    expect(inShort(await used.api.refusal('GET', pathOf(id, rest), { as: as('runner') }))).toBe('405 METHOD_NOT_ALLOWED');
    expect(await refused(`/api/v1/runs/${id}/steps/other/${rest}`, as('runner'), json)).toBe('404 STEP_NOT_FOUND');
    expect(await refused(pathOf(id, rest), as('runner'), { ...json, iteration: 5 })).toBe('404 STEP_NOT_FOUND');
    expect(await refused(pathOf(id, rest), as('runner'), { ...json, iteration: -1 })).toBe('422 INVALID_REQUEST');
    expect(await refused(pathOf(id, rest), as('runner'), { ...json, more: 1 })).toBe('422 INVALID_REQUEST');
  });
});

describe('an external step', () => {
  it('ends well with an output, in its iteration, and once', async () => {
    const id = await waiting(as('runner'), [0, 1]);
    statements.length = 0;
    const { body } = await used.api.call<EndedStep>('POST', pathOf(id, 'complete'), {
      as: as('runner'),
      json: { output: { price: 3 }, iteration: 1 },
    });
    expect(body).toEqual({ runId: id, stepId: 'make', iteration: 1, state: 'completed' });
    expect(statements).toContain('api_wake');
    expect([await story.stepOf(id, 'make', 0), await story.stepOf(id, 'make', 1)]).toMatchObject([
      { state: 'waiting' },
      { state: 'completed', output: { price: 3 } },
    ]);
    expect(await refused(pathOf(id, 'complete'), as('runner'), { iteration: 1 })).toBe('409 STEP_FINISHED');
  });

  it('ends badly with a message', async () => {
    const id = await waiting();
    expect(
      (await used.api.call('POST', pathOf(id, 'fail'), { as: as('runner'), json: { message: 'out of paper' } })).body,
    ).toEqual({
      runId: id,
      stepId: 'make',
      iteration: 0,
      state: 'failed',
    });
    expect(await story.stepOf(id, 'make')).toMatchObject({ error: { code: 'STEP_FAILED', message: 'out of paper' } });
    expect(await refused(pathOf(await waiting(), 'fail'), as('runner'), {})).toBe('422 INVALID_REQUEST');
  });
});

describe('tokens of steps', () => {
  const end = (how: string, json: object) => used.api.call<EndedStep>('POST', `/api/v1/step-tokens/${how}`, { json });
  const refusal = (how: string, json: object) => used.api.refusal('POST', `/api/v1/step-tokens/${how}`, { json });

  it('end the step without a login, well or badly', async () => {
    const [first, second] = [await waiting(), await waiting()];
    expect((await end('complete', { token: await token(first), output: [1] })).body).toMatchObject({
      runId: first,
      state: 'completed',
    });
    expect((await end('fail', { token: await token(second), message: 'no' })).body).toMatchObject({
      runId: second,
      state: 'failed',
    });
    expect(await story.stepOf(first, 'make')).toMatchObject({ state: 'completed', output: [1] });
    expect(await story.auditOf(first)).toContain('step.completed by token');
  });

  it('are answered alike when they are wrong, spent, too late or of a run that has ended', async () => {
    const spent = await token(await waiting());
    await end('complete', { token: spent });
    const late = await waiting();
    const lateToken = await token(late);
    await story.end(late, 'make', { attempt: 1, state: 'timed_out', error: { code: 'STEP_TIMED_OUT', message: 'late' } });
    const ended = await waiting();
    const endedToken = await token(ended);
    await story.finish(ended, { state: 'cancelled' });
    const answers = [];
    for (const bad of ['dbt_wrong', spent, lateToken, endedToken]) {
      for (const [how, more] of [
        ['complete', {}],
        ['fail', { message: 'x' }],
      ] as const) {
        const { requestId: _, headers: __, ...rest } = await refusal(how, { token: bad, ...more });
        answers.push(rest);
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, code: 'STEP_NOT_FOUND', path: 'token' });
  });

  it('are for one iteration', async () => {
    const id = await waiting(as('runner'), [0, 1]);
    await end('complete', { token: await token(id, { iteration: 1 }) });
    expect(await story.stepsOf(id)).toEqual(['make/0 waiting@1', 'make/1 completed@1']);
  });

  it('stand in no log and in no answer but the one that gives them', async () => {
    const id = await waiting();
    const answer = await used.api.call<{ token: string }>('POST', pathOf(id, 'token'), { as: as('runner') });
    expect(answer.headers.get('cache-control')).toMatch(/no-store/);
    await refusal('complete', { token: `${answer.body.token}x` });
    const ended = await end('complete', { token: answer.body.token });
    expect(ended.text).not.toContain(answer.body.token);
    expect(JSON.stringify(used.api.lines)).not.toContain(answer.body.token.slice(4));
    expect(used.api.lines.map(({ fields }) => fields['route'])).toContain('/api/v1/step-tokens/complete');
  });

  it.each([
    ['without a token', 'complete', {}],
    ['with a token that is no text', 'complete', { token: 1 }],
    ['with one that is far too long', 'complete', { token: 'x'.repeat(201) }],
    ['without saying what failed', 'fail', { token: 'dbt_x' }],
    ['with more than it takes', 'complete', { token: 'dbt_x', run: randomUUID() }],
  ])('are refused %s', async (_, how, json) => {
    expect(inShort(await refusal(how, json))).toBe('422 INVALID_REQUEST');
  });

  it('are not asked for by other methods', async () => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/step-tokens/complete'))).toBe('405 METHOD_NOT_ALLOWED');
  });
});
