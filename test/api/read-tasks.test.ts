import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskSummary, TaskVersion, TaskWithVersion } from '@durabase/contracts/api/task';
import { createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
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

describe('GET /api/v1/tasks', () => {
  interface Page {
    readonly items: readonly TaskSummary[];
    readonly nextCursor: string | null;
  }
  const list = async (query: string, as = editor): Promise<Page> =>
    (await used.api.call<Page>('GET', inWorkspace(`/api/v1/tasks?${query}`), { as })).body;
  const slugs = ({ items }: Page): readonly string[] => items.map((task) => task.slug);

  beforeAll(async () => {
    for (const n of [1, 2, 3, 4, 5])
      await save(define(`page-${n}`, { tags: [n % 2 === 0 ? 'even' : 'odd', 'paged'], type: n > 3 ? 'Late' : 'Early' }));
  });

  it('walks all pages, newest first, without a gap or a repeat', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page = await list(`tag=paged&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...slugs(page));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['page-5', 'page-4', 'page-3', 'page-2', 'page-1']);
  });

  it('tells apart tasks of the same millisecond', async () => {
    await used.database.owner.query(
      "update durabase.tasks set created_at = '2026-01-01T00:00:00.000123Z' where slug in ('page-1', 'page-2')",
    );
    await used.database.owner.query("update durabase.tasks set created_at = '2026-01-01T00:00:00.000124Z' where slug = 'page-3'");
    const first = await list('q=page-&limit=3');
    expect(slugs(first)).toEqual(['page-5', 'page-4', 'page-3']);
    const rest = await list(`q=page-&limit=3&cursor=${first.nextCursor}`);
    expect([...slugs(rest)].sort()).toEqual(['page-1', 'page-2']);
    expect(rest.nextCursor).toBeNull();
  });

  it('filters by tag, type and beginning of the slug', async () => {
    expect(slugs(await list('tag=even'))).toEqual(expect.arrayContaining(['page-4', 'page-2']));
    expect(slugs(await list('tag=even'))).toHaveLength(2);
    expect([...slugs(await list('type=Late'))].sort()).toEqual(['page-4', 'page-5']);
    expect(slugs(await list('q=page-5'))).toEqual(['page-5']);
    expect(slugs(await list('q=pag%25'))).toEqual([]);
  });

  it('shows nothing to strangers', async () => {
    expect((await list('', stranger)).items).toEqual([]);
  });
});

describe('GET /api/v1/tasks/{task}', () => {
  it('finds a task by slug and by id, with its newest version', async () => {
    const { body: saved } = await save(define('to-find', { name: 'Find me' }));
    for (const reference of ['to-find', saved.task.id, saved.task.id.toUpperCase()]) {
      const { body } = await used.api.call<TaskWithVersion>('GET', `/api/v1/tasks/${reference}`, { as: workspace.users.viewer });
      expect(body).toEqual(saved);
    }
    expect(saved.version?.definition).toMatchObject({ slug: 'to-find', name: 'Find me' });
  });

  it('shows a draft that was saved by SQL as what it is', async () => {
    await used.database.owner.query('select durabase.save_task($1, $2)', [JSON.stringify(define('by-sql')), workspace.id]);
    const { body } = await used.api.call<TaskWithVersion>('GET', '/api/v1/tasks/by-sql', { as: editor });
    expect(body.version?.state).toBe('draft');
    expect(body.task.readyVersion).toBeNull();
    const start = await used.api.refusal('POST', '/api/v1/tasks/by-sql/runs', { as: editor, json: {} });
    expect(inShort(start)).toBe('409 TASK_NOT_READY');
  });

  it('knows no task that is not there or not visible, and says the same of both', async () => {
    await save(define('hidden'));
    const unknown = await used.api.refusal('GET', '/api/v1/tasks/unknown', { as: stranger });
    const hidden = await used.api.refusal('GET', '/api/v1/tasks/hidden', { as: stranger });
    expect([inShort(unknown), inShort(hidden)]).toEqual(['404 TASK_NOT_FOUND', '404 TASK_NOT_FOUND']);
    expect(hidden.detail.replace('hidden', 'unknown')).toBe(unknown.detail);
  });

  it('asks for the workspace when two have the slug', async () => {
    const other = await createWorkspace(used.database.owner, 'Other');
    await save(define('twice'));
    await used.api.call('POST', `/api/v1/tasks?workspace=${other.id}`, { asService: true, json: define('twice') });
    expect(inShort(await used.api.refusal('GET', '/api/v1/tasks/twice', { asService: true }))).toBe('422 WORKSPACE_AMBIGUOUS');
    const { body } = await used.api.call<TaskWithVersion>('GET', `/api/v1/tasks/twice?workspace=${other.id}`, {
      asService: true,
    });
    expect(body.task.workspaceId).toBe(other.id);
  });
});

describe('GET /api/v1/tasks/{task}/versions', () => {
  it('pages through versions, newest first', async () => {
    for (const name of ['One', 'Two', 'Three']) await save(define('versioned', { name }));
    interface Page {
      readonly items: readonly TaskVersion[];
      readonly nextCursor: string | null;
    }
    const first = await used.api.call<Page>('GET', '/api/v1/tasks/versioned/versions?limit=2', { as: editor });
    expect(first.body.items.map((version) => version.number)).toEqual([3, 2]);
    const rest = await used.api.call<Page>('GET', `/api/v1/tasks/versioned/versions?limit=2&cursor=${first.body.nextCursor}`, {
      as: editor,
    });
    expect(rest.body.items.map((version) => version.number)).toEqual([1]);
    expect(rest.body.nextCursor).toBeNull();
    expect(inShort(await used.api.refusal('GET', '/api/v1/tasks/versioned/versions', { as: stranger }))).toBe(
      '404 TASK_NOT_FOUND',
    );
  });
});
