import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, startRun, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let acme: Workspace;
const runIds: string[] = [];

beforeAll(async () => {
  const { owner } = used.database;
  acme = await createWorkspace(owner);
  for (const [slug, name, description, tags] of [
    ['daily-report', 'Sales of the day', 'Sums up what was sold', ['finance']],
    ['invoice-import', 'Import invoices', 'Reads invoices from the mailbox', ['finance', 'mail']],
    ['welcome', 'Greet newcomers', "It's 100% friendly", ['people']],
  ] as const) {
    const { id } = await createReadyTask(owner, acme.id, { slug });
    await owner.query('update durabase.tasks set name = $2, description = $3, tags = $4 where id = $1', [
      id,
      name,
      description,
      tags,
    ]);
  }
  const task = await createReadyTask(owner, acme.id, { slug: 'runner' });
  for (let n = 0; n < 6; n += 1) {
    const { id } = await startRun(owner, task);
    await owner.query(
      "update durabase.task_runs set created_at = '2026-01-01T00:00:00Z'::timestamptz + make_interval(hours => $2) where id = $1",
      [id, n],
    );
    runIds.push(id);
  }
});

const search = async (q: string): Promise<readonly string[]> => {
  const path = `/api/v1/tasks?q=${encodeURIComponent(q)}`;
  const { body } = await used.api.call<{ items: { slug: string }[] }>('GET', path, { as: acme.users.viewer });
  return body.items.map(({ slug }) => slug).toSorted();
};

describe('the search for tasks', () => {
  it.each([
    ['daily', ['daily-report']],
    ['dai', ['daily-report']],
    ['Invoices', ['invoice-import']],
    ['finance', ['daily-report', 'invoice-import']],
    ['finance -mail', ['daily-report']],
    ['sales or greet', ['daily-report', 'welcome']],
    ['"of the day"', ['daily-report']],
    ['import mailbox', ['invoice-import']],
    ['nothing-like-it', []],
  ])('%j finds %j', async (q, slugs) => expect(await search(q)).toEqual(slugs));

  it.each([
    "'",
    '"',
    '\\',
    '%',
    '_',
    ':*',
    '!&|()',
    "'; drop table durabase.tasks; --",
    '<->',
    'a & ! b',
    '(((',
    '👩‍🚀',
    'ß',
    ' ',
    '-',
    '"" or ""',
    '$1',
    "E'\\x'",
  ])('%j is no statement and no error', async (q) => expect(Array.isArray(await search(q))).toBe(true));
});

describe('runs of a time', () => {
  const list = async (query: string): Promise<{ readonly found: readonly number[]; readonly nextCursor: string | null }> => {
    const { body } = await used.api.call<{ items: { id: string }[]; nextCursor: string | null }>('GET', `/api/v1/runs?${query}`, {
      as: acme.users.viewer,
    });
    return { found: body.items.map(({ id }) => runIds.indexOf(id)), nextCursor: body.nextCursor };
  };

  it('are those from since on and before until', async () => {
    expect((await list('since=2026-01-01T02:00:00Z')).found).toEqual([5, 4, 3, 2]);
    expect((await list('until=2026-01-01T02:00:00Z')).found).toEqual([1, 0]);
    expect((await list('since=2026-01-01T01:00:00Z&until=2026-01-01T04:00:00Z')).found).toEqual([3, 2, 1]);
    expect((await list('since=2026-01-01T03:00:00%2B02:00')).found).toEqual([5, 4, 3, 2, 1]);
    expect((await list('since=2027-01-01T00:00:00Z')).found).toEqual([]);
  });

  it('come page by page', async () => {
    const all: number[] = [];
    for (let cursor = ''; ;) {
      const page = await list(`since=2026-01-01T01:00:00Z&until=2026-01-01T05:00:00Z&limit=2${cursor}`);
      all.push(...page.found);
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(all).toEqual([4, 3, 2, 1]);
  });

  it.each([
    'since=yesterday',
    'until=0001-01-01T00:00:00Z',
    'since=2026-01-01',
    'cursor=x',
    'cursor=W10',
    'cursor=WyI5OTk5OTk5OTk5OTk5OTk5OSIsIngiXQ',
    `cursor=${'A'.repeat(500)}`,
  ])('refuse %s', async (query) =>
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs?${query}`, { as: acme.users.viewer }))).toBe(
      '422 INVALID_REQUEST',
    ),
  );
});
