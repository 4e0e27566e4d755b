import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { createUser, createWorkspace, shareTask, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let editor: string;
let stranger: string;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  editor = workspace.users.editor;
  stranger = await createUser(used.database.owner);
});

const step = (id: string, extra: object = {}) => ({ id, action: 'sleep', with: { duration: '1 second' }, ...extra });
const define = (slug: string, extra: object = {}) => ({ slug, steps: [step('first')], ...extra });
const inWorkspace = (path = '/api/v1/tasks'): string => `${path}${path.includes('?') ? '&' : '?'}workspace=${workspace.id}`;
const save = (definition: object, as = editor) => used.api.call<TaskWithVersion>('POST', inWorkspace(), { as, json: definition });
const countTasks = async (): Promise<string> =>
  (await used.database.owner.query<{ n: string }>('select count(*) as n from durabase.tasks')).rows[0]?.n ?? '';

describe('POST /api/v1/tasks', () => {
  it('saves a task whose version is ready at once', async () => {
    const { status, headers, body } = await save(
      define('daily-report', { name: 'Daily report', type: 'Report', tags: ['finance'], description: 'Sums up.' }),
    );
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/tasks/${body.task.id}`);
    expect(body.task).toMatchObject({
      workspaceId: workspace.id,
      slug: 'daily-report',
      name: 'Daily report',
      type: 'Report',
      tags: ['finance'],
      createdBy: editor,
    });
    expect(body.version).toMatchObject({ number: 1, state: 'ready', problems: null, mode: 'async', priority: 3 });
    expect(body.task.readyVersion?.id).toBe(body.version?.id);
    const stored = await used.database.owner.query<{ plan: { format: number } }>(
      'select plan from durabase.task_versions where id = $1',
      [body.version?.id],
    );
    expect(stored.rows[0]?.plan).toMatchObject({ format: 1, steps: [{ id: 'first' }] });
  });

  it('numbers the versions of a slug', async () => {
    const first = await save(define('numbered'));
    const second = await save(define('numbered', { name: 'Better' }));
    expect(second.body.task.id).toBe(first.body.task.id);
    expect(second.body.version?.number).toBe(2);
    expect(second.body.task.readyVersion?.number).toBe(2);
  });

  it.each([
    ['a cycle', { slug: 'bad', steps: [step('a', { needs: ['b'] }), step('b', { needs: ['a'] })] }, 'INVALID_TASK', /steps/],
    [
      'a step that needs an unknown one',
      { slug: 'bad', steps: [step('a', { needs: ['nowhere'] })] },
      'INVALID_TASK',
      /steps\[0\]\.needs/,
    ],
    ['an unknown action', { slug: 'bad', steps: [{ id: 'a', action: 'slep' }] }, 'UNKNOWN_ACTION', /steps\[0\]\.action/],
    ['a bad slug', { slug: 'Bad Slug', steps: [step('a')] }, 'INVALID_TASK', /slug/],
    ['wrong types', { slug: 'bad', steps: 'none', tags: 7 }, 'INVALID_TASK', /steps|tags/],
    ['nothing to do', { slug: 'bad' }, 'INVALID_TASK', /steps/],
  ])('refuses %s with code, path and message, and keeps nothing', async (_name, definition, code, path) => {
    const before = await countTasks();
    const refusal = await used.api.refusal('POST', inWorkspace(), { as: editor, json: definition });
    expect(inShort(refusal)).toBe('422 INVALID_TASK');
    expect(refusal.problems).toContainEqual(
      expect.objectContaining({ code, path: expect.stringMatching(path), message: expect.any(String) }),
    );
    expect(await countTasks()).toBe(before);
  });

  it('refuses a body that is no object', async () => {
    for (const json of [[], 'task', 7, null]) {
      expect((await used.api.refusal('POST', inWorkspace(), { as: editor, json })).status).toBe(422);
    }
    expect((await used.api.refusal('POST', inWorkspace(), { as: editor })).status).toBe(422);
  });

  it('refuses whom it must', async () => {
    const as = async (user: string) =>
      inShort(await used.api.refusal('POST', inWorkspace(), { as: user, json: define('forbidden') }));
    expect(await as(workspace.users.viewer)).toBe('403 FORBIDDEN');
    expect(await as(workspace.users.runner)).toBe('403 FORBIDDEN');
    expect(await as(stranger)).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('asks for the workspace when it is not clear which one is meant', async () => {
    const other = await createWorkspace(used.database.owner, 'Other');
    const both = workspace.users.owner;
    await used.database.owner.query('delete from durabase.workspaces where personal_user_id = $1', [both]);
    await used.database.owner.query(
      "insert into durabase.workspace_members (workspace_id, user_id, role) values ($1, $2, 'editor')",
      [other.id, both],
    );
    expect(inShort(await used.api.refusal('POST', '/api/v1/tasks', { as: both, json: define('whose') }))).toBe(
      '422 WORKSPACE_AMBIGUOUS',
    );
  });

  it("takes a user's personal workspace when he names none", async () => {
    const { rows } = await used.database.owner.query<{ id: string }>(
      'select id from durabase.workspaces where personal_user_id = $1',
      [stranger],
    );
    const { body } = await used.api.call<TaskWithVersion>('POST', '/api/v1/tasks', { as: stranger, json: define('mine') });
    expect(body.task.workspaceId).toBe(rows[0]?.id);
  });

  it('lets somebody save a shared task that he may edit, and no other', async () => {
    const guest = await createUser(used.database.owner);
    const { body } = await save(define('shared-task'));
    await shareTask(used.database.owner, { taskId: body.task.id, userId: guest, canEdit: true });
    expect((await save(define('shared-task', { name: 'By the guest' }), guest)).body.version?.number).toBe(2);
    expect(inShort(await used.api.refusal('POST', inWorkspace(), { as: guest, json: define('new-one') }))).toBe('403 FORBIDDEN');
  });

  it('refuses strings that cannot be stored, with the path', async () => {
    const refusal = await used.api.refusal('POST', inWorkspace(), {
      as: editor,
      json: define('nul', { description: 'a\u0000b' }),
    });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_STRING', 'description']);
  });
});

describe('POST /api/v1/tasks/validate', () => {
  const validate = (json: object, as = editor) => used.api.call('POST', inWorkspace('/api/v1/tasks/validate'), { as, json });

  it('says what a save would say, and saves nothing', async () => {
    const before = await countTasks();
    expect((await validate(define('fine'), workspace.users.viewer)).body).toEqual({ isValid: true, problems: [] });
    const { status, body } = await validate({ slug: 'bad', steps: [{ id: 'a', action: 'nothing' }] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ isValid: false, problems: [{ code: 'UNKNOWN_ACTION', path: 'steps[0].action' }] });
    expect(await countTasks()).toBe(before);
  });

  it('does not look into workspaces of others', async () => {
    expect(
      inShort(await used.api.refusal('POST', inWorkspace('/api/v1/tasks/validate'), { as: stranger, json: define('fine') })),
    ).toBe('404 WORKSPACE_NOT_FOUND');
  });
});
