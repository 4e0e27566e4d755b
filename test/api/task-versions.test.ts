import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskDiff, TaskSummary, TaskVersion, TaskWithVersion } from '@durabase/contracts/api/task';
import { createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let editor: string;
let stranger: string;
let count = 0;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  editor = workspace.users.editor;
  stranger = await createUser(used.database.owner);
});

const step = (id: string, duration = '1 second') => ({ id, action: 'sleep', with: { duration } });
const at = (path: string): string => `/api/v1/tasks${path}${path.includes('?') ? '&' : '?'}workspace=${workspace.id}`;
const save = async (definition: object): Promise<TaskWithVersion> =>
  (await used.api.call<TaskWithVersion>('POST', at(''), { as: editor, json: definition })).body;
const newSlug = (): string => `versioned-${(count += 1)}`;
/** A task with three versions. */
const saveThree = async (): Promise<string> => {
  const slug = newSlug();
  await save({ slug, steps: [step('first')] });
  await save({ slug, name: 'Named', steps: [step('first')] });
  await save({ slug, name: 'Named', steps: [step('zero'), step('first', '2 seconds')] });
  return slug;
};
const refused = async (method: string, path: string, options: object = { as: editor }) =>
  inShort(await used.api.refusal(method, at(path), options));

describe('GET /api/v1/tasks/{task}/versions/{version}', () => {
  it('gives one version', async () => {
    const slug = await saveThree();
    const { body } = await used.api.call<TaskVersion>('GET', at(`/${slug}/versions/2`), { as: workspace.users.viewer });
    expect(body).toMatchObject({ number: 2, state: 'ready', definition: { slug, name: 'Named' } });
  });

  it('refuses what is not there, or nobody may see', async () => {
    const slug = await saveThree();
    expect(await refused('GET', `/${slug}/versions/4`)).toBe('404 VERSION_NOT_FOUND');
    expect(await refused('GET', `/${slug}/versions/0`)).toBe('422 INVALID_REQUEST');
    expect(await refused('GET', `/${slug}/versions/newest`)).toBe('422 INVALID_REQUEST');
    expect(await refused('GET', '/unknown/versions/1')).toBe('404 TASK_NOT_FOUND');
    expect(inShort(await used.api.refusal('GET', `/api/v1/tasks/${slug}/versions/1`, { as: stranger }))).toBe(
      '404 TASK_NOT_FOUND',
    );
  });
});

describe('GET /api/v1/tasks/{task}/diff', () => {
  const diff = async (query: string, slug: string): Promise<TaskDiff> =>
    (await used.api.call<TaskDiff>('GET', at(`/${slug}/diff${query}`), { as: workspace.users.viewer })).body;

  it('compares the newest version with the one before, unless others are named', async () => {
    const slug = await saveThree();
    expect(await diff('', slug)).toEqual({
      from: 2,
      to: 3,
      changes: [
        { path: 'steps.first.with.duration', kind: 'changed', before: '1 second', after: '2 seconds' },
        { path: 'steps.zero', kind: 'added', after: step('zero') },
      ],
    });
    expect(await diff('?from=1&to=2', slug)).toEqual({
      from: 1,
      to: 2,
      changes: [{ path: 'name', kind: 'added', after: 'Named' }],
    });
    expect(await diff('?from=2&to=1', slug)).toEqual({
      from: 2,
      to: 1,
      changes: [{ path: 'name', kind: 'removed', before: 'Named' }],
    });
    expect((await diff('?from=2&to=2', slug)).changes).toEqual([]);
  });

  it('compares the first version with nothing', async () => {
    const slug = await saveThree();
    const { from, changes } = await diff('?to=1', slug);
    expect([from, changes.map(({ path, kind }) => `${path} ${kind}`)]).toEqual([null, ['slug added', 'steps added']]);
  });

  it('refuses versions that are not there', async () => {
    const slug = await saveThree();
    expect(await refused('GET', `/${slug}/diff?from=7`)).toBe('404 VERSION_NOT_FOUND');
    expect(await refused('GET', `/${slug}/diff?to=one`)).toBe('422 INVALID_REQUEST');
    expect(inShort(await used.api.refusal('GET', `/api/v1/tasks/${slug}/diff`, { as: stranger }))).toBe('404 TASK_NOT_FOUND');
  });
});

describe('POST /api/v1/tasks/{task}/diff', () => {
  it('compares a definition with the newest version, and saves nothing', async () => {
    const slug = await saveThree();
    const json = { slug, name: 'Named', ttl: '1 hour', steps: [step('zero'), step('first', '2 seconds')] };
    const { body } = await used.api.call<TaskDiff>('POST', at(`/${slug}/diff`), { as: workspace.users.viewer, json });
    expect(body).toEqual({ from: 3, to: null, changes: [{ path: 'ttl', kind: 'added', after: '1 hour' }] });
    const { body: task } = await used.api.call<TaskWithVersion>('GET', at(`/${slug}`), { as: editor });
    expect(task.version?.number).toBe(3);
    expect(await refused('POST', '/unknown/diff', { as: editor, json })).toBe('404 TASK_NOT_FOUND');
  });
});

describe('POST /api/v1/tasks/{task}/versions/{version}/restore', () => {
  it('saves it anew, ready at once', async () => {
    const slug = await saveThree();
    const { status, body } = await used.api.call<TaskWithVersion>('POST', at(`/${slug}/versions/1/restore`), { as: editor });
    expect(status).toBe(201);
    expect(body.version).toMatchObject({ number: 4, state: 'ready', createdBy: editor });
    expect(body.task.readyVersion?.number).toBe(4);
    const { body: same } = await used.api.call<TaskDiff>('GET', at(`/${slug}/diff?from=1&to=4`), { as: editor });
    expect(same.changes).toEqual([]);
  });

  it('refuses a version that does not compile any more, and whom it must', async () => {
    const slug = newSlug();
    await used.database.owner.query('select durabase.save_task($1, $2)', [
      JSON.stringify({ slug, steps: [{ id: 'a', action: 'gone' }] }),
      workspace.id,
    ]);
    await save({ slug, steps: [step('first')] });
    const restore = (as: string, version: number) => refused('POST', `/${slug}/versions/${version}/restore`, { as });
    expect(await restore(editor, 1)).toBe('422 INVALID_TASK');
    expect(await restore(editor, 9)).toBe('404 VERSION_NOT_FOUND');
    expect(await restore(workspace.users.viewer, 2)).toBe('403 FORBIDDEN');
    expect(await restore(workspace.users.runner, 2)).toBe('403 FORBIDDEN');
    expect(await restore(stranger, 2)).toBe('404 TASK_NOT_FOUND');
    const { rows } = await used.database.owner.query(
      'select max(number) as n from durabase.task_versions v join durabase.tasks t on t.id = v.task_id where t.slug = $1',
      [slug],
    );
    expect(rows).toEqual([{ n: 2 }]);
  });
});

describe('DELETE /api/v1/tasks/{task}, and POST …/restore', () => {
  const slugs = async (query: string): Promise<readonly string[]> =>
    (await used.api.call<{ items: readonly TaskSummary[] }>('GET', at(`?${query}`), { as: editor })).body.items.map(
      (task) => task.slug,
    );

  it('takes a task away and brings it back', async () => {
    const slug = await saveThree();
    const gone = await used.api.call<TaskSummary>('DELETE', at(`/${slug}`), { as: editor });
    expect([gone.status, gone.body.slug, gone.body.deletedAt]).toEqual([200, slug, expect.any(String)]);
    expect(await refused('GET', `/${slug}`)).toBe('404 TASK_NOT_FOUND');
    expect(await refused('DELETE', `/${slug}`)).toBe('404 TASK_NOT_FOUND');
    const start = await used.api.refusal('POST', `/api/v1/tasks/${slug}/runs`, { as: editor, json: {} });
    expect([inShort(start), start.detail]).toEqual(['404 TASK_NOT_FOUND', `the task "${slug}" was deleted`]);
    expect([await slugs(`q=${slug}`), await slugs(`q=${slug}&deleted=true`)]).toEqual([[], [slug]]);

    const back = await used.api.call<TaskSummary>('POST', at(`/${slug}/restore`), { as: editor });
    expect([back.status, back.body.deletedAt, back.body.latestVersion?.number]).toEqual([200, null, 3]);
    expect([await slugs(`q=${slug}`), await slugs(`q=${slug}&deleted=true`)]).toEqual([[slug], []]);
    expect((await used.api.call('POST', `/api/v1/tasks/${slug}/runs`, { as: editor, json: {} })).status).toBe(201);
  });

  it('refuses whom it must, and a slug that is taken', async () => {
    const slug = await saveThree();
    expect(await refused('DELETE', `/${slug}`, { as: workspace.users.runner })).toBe('403 FORBIDDEN');
    expect(await refused('DELETE', `/${slug}`, { as: stranger })).toBe('404 TASK_NOT_FOUND');
    expect(await refused('DELETE', `/${slug}`, {})).toBe('401 UNAUTHENTICATED');
    await used.api.call('DELETE', at(`/${slug}`), { as: editor });
    expect(await refused('POST', `/${slug}/restore`, { as: workspace.users.viewer })).toBe('403 FORBIDDEN');
    await save({ slug, steps: [step('other')] });
    expect(await refused('POST', `/${slug}/restore`)).toBe('409 SLUG_TAKEN');
  });
});
