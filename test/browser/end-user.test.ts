import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { findViolations } from './support/find-violations.ts';
import { callStep, createPerson, type Person, release } from './support/people.ts';
import { readStage } from './support/stage.ts';
import { type OpenOptions, useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
const PASSWORD = 'correct horse battery';
const PHONE = { width: 375, height: 720 };
const REPORT_INPUT = {
  type: 'object',
  properties: {
    to: { type: 'string', title: 'Send it to', format: 'email' },
    size: { type: 'string', title: 'Size', enum: ['short', 'long'], default: 'short' },
    pages: { type: 'integer', title: 'Pages' },
    isUrgent: { type: 'boolean', title: 'Urgent' },
  },
  required: ['to', 'size'],
};

let author: Person;
let owner: pg.Pool;

/** Names are the author's: other files may publish as well. */
const named = (name: string): string => `${name} ${author.email}`;
const publish = async (slug: string, name: string, rest: Readonly<Record<string, unknown>>): Promise<void> =>
  author.publishTask(await author.saveTask({ slug, name: named(name), ...rest }));

beforeAll(async () => {
  owner = new pg.Pool({ connectionString: readStage().ownerUrl, max: 1 });
  author = await createPerson();
  await publish('report', 'Report', {
    description: 'Puts the numbers together, and sends them.',
    input: REPORT_INPUT,
    steps: [callStep('gather', '/ok'), callStep('send', `/held/${author.email}-report`, ['gather'])],
    output: { sentTo: '{{ input.to }}', pages: '{{ coalesce(input.pages, 1) }}', isUrgent: '{{ input.isUrgent }}' },
  });
  await publish('endless', 'Endless', { steps: [callStep('wait', '/held/never-for-end-users')] });
  await publish('broken', 'Broken', { steps: [callStep('refused', '/refuse')] });
  await author.saveTask({ slug: 'hidden', name: named('Hidden'), steps: [callStep('one', '/ok')] });
});
afterEach(() => setLimit(10));
afterAll(() => owner.end());

const setLimit = (openRuns: number) =>
  owner.query('select durabase.update_instance_settings($1)', [{ end_user_max_open_runs: openRuns }]);

/** The page of the example, where nobody is signed in. */
const openPage = async (options: OpenOptions = {}): Promise<Page> => {
  const { endUserUrl, supabaseUrl, publishableKey } = readStage();
  const query = new URLSearchParams({ url: supabaseUrl, key: publishableKey });
  const page = await browser.open({ ...options, path: `${endUserUrl}?${query.toString()}` });
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  return page;
};
const enter = async (page: Page, email: string, button: 'Sign up' | 'Sign in'): Promise<void> => {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('heading', { name: 'Start a task' }).waitFor();
};
const signUp = async (options: OpenOptions = {}): Promise<{ readonly page: Page; readonly email: string }> => {
  const page = await openPage(options);
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  await enter(page, email, 'Sign up');
  return { page, email };
};
const choose = (page: Page, name: string) => page.getByLabel('Task', { exact: true }).selectOption({ label: named(name) });
const press = (page: Page) => page.getByRole('button', { name: 'Start', exact: true }).click();
/** The card of the newest run. */
const newest = (page: Page) => page.locator('[data-run]').first();
const inState = (page: Page, state: string) => newest(page).locator(`.head [data-state="${state}"]`);
const startNew = async (page: Page, name: string): Promise<string> => {
  const cards = page.locator('[data-run]');
  const count = await cards.count();
  await choose(page, name);
  await press(page);
  await cards.nth(count).waitFor();
  return (await newest(page).getAttribute('data-run')) ?? '';
};

describe('somebody who signs up in an app', () => {
  it('sees what was published, starts it, and sees it go on to its result', async () => {
    const { page, email } = await signUp();
    const offered = await page.getByLabel('Task', { exact: true }).getByRole('option').allTextContents();
    expect(offered.filter((name) => name.endsWith(author.email)).toSorted()).toEqual(
      ['Broken', 'Endless', 'Report'].map(named).toSorted(),
    );
    await choose(page, 'Report');
    await page.getByText('Puts the numbers together, and sends them.').waitFor();
    await page.getByLabel('Send it to').fill(email);
    await page.getByLabel('Pages').fill('7');
    await page.getByLabel('Urgent').check();
    await press(page);
    await inState(page, 'running').waitFor();
    const step = (name: string, state: string) =>
      newest(page).locator('.steps li', { hasText: name }).locator(`[data-state="${state}"]`);
    await step('gather', 'completed').waitFor();
    await step('send', 'running').waitFor();
    await release(`${author.email}-report`);
    await inState(page, 'completed').waitFor();
    await step('send', 'completed').waitFor();
    const result = await newest(page).getByLabel('Result').textContent();
    expect(JSON.parse(result ?? '')).toEqual({ sentTo: email, pages: 7, isUrgent: true });
    await page.reload(); // still signed in, and the run is still there
    await inState(page, 'completed').waitFor();
    await newest(page).getByLabel('Result').getByText(email).waitFor();
  });

  it('cancels what he started, and is told plainly of what failed', async () => {
    const { page } = await signUp();
    await startNew(page, 'Endless');
    await inState(page, 'running').waitFor();
    await newest(page).getByRole('button', { name: 'Cancel' }).click();
    await inState(page, 'cancelled').waitFor();
    expect(await newest(page).getByRole('button').count()).toBe(0);
    await startNew(page, 'Broken');
    await inState(page, 'failed').waitFor();
    await newest(page).getByText(/422/).waitFor();
  });

  it('is refused with a sentence at his limit, and goes on when a run has ended', async () => {
    await setLimit(2);
    const { page } = await signUp();
    await startNew(page, 'Endless');
    await startNew(page, 'Endless');
    await press(page);
    await page
      .getByRole('alert')
      .getByText('You have 2 runs that have not ended; more are not accepted – try again in 5 seconds.')
      .waitFor();
    expect(await page.locator('[data-run]').count()).toBe(2);
    await newest(page).getByRole('button', { name: 'Cancel' }).click();
    await inState(page, 'cancelled').waitFor();
    await startNew(page, 'Endless');
  });

  it('leaves nothing behind when he signs out, and finds his runs when he is back', async () => {
    const { page, email } = await signUp();
    const run = await startNew(page, 'Endless');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    expect(await page.locator('[data-run]').count()).toBe(0);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('something else');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Invalid login credentials.').waitFor();
    await enter(page, email, 'Sign in');
    await page.locator(`[data-run="${run}"] .head [data-state="running"]`).waitFor();
  });

  it('says what is not JSON before it is sent', async () => {
    await publish('shapes', 'Shapes', {
      input: { type: 'object', properties: { list: { type: 'array' } } },
      steps: [callStep('one', '/ok')],
    });
    const { page } = await signUp();
    await choose(page, 'Shapes');
    await page.getByLabel('Input, as JSON').fill('{list}');
    await press(page);
    await page
      .getByRole('alert')
      .getByText(/not JSON yet/)
      .waitFor();
    await page.getByLabel('Input, as JSON').fill('{"list": [1]}');
    await press(page);
    await inState(page, 'completed').waitFor();
  });
});

/** What the page's console can reach: the client of the session. */
interface Console {
  readonly supabase: {
    schema(name: string): {
      rpc(name: string, args: object): Promise<Answer>;
      from(table: string): {
        select(columns: string): Promise<Answer>;
        insert(row: object): Promise<Answer>;
        delete(): { neq(column: string, value: string): Promise<Answer> };
      };
    };
  };
}
interface Answer {
  readonly data: unknown;
  readonly error: { readonly message: string; readonly code: string } | null;
}

describe('from the console of the page', () => {
  const rpc = (page: Page, name: string, args: object): Promise<Answer> =>
    page.evaluate(
      ([called, given]) => {
        const { supabase } = globalThis as unknown as Console;
        return supabase
          .schema('durabase')
          .rpc(called, given)
          .then(({ data, error }) => ({ data, error }));
      },
      [name, args] as const,
    );
  const read = (page: Page, table: string): Promise<Answer> =>
    page.evaluate((name) => {
      const { supabase } = globalThis as unknown as Console;
      return supabase
        .schema('durabase')
        .from(name)
        .select('*')
        .then(({ data, error }) => ({ data, error }));
    }, table);

  it('the client of the session can do nothing else', async () => {
    const [ann, bob] = [await signUp(), await signUp()];
    const [own, bobs] = [await startNew(ann.page, 'Endless'), await startNew(bob.page, 'Endless')];
    const { rows } = await owner.query<{ task: string; workspace: string }>(
      'select r.task_id as task, r.workspace_id as workspace from durabase.task_runs r where r.id = $1',
      [own],
    );
    const { task, workspace } = rows[0] ?? { task: '', workspace: '' };
    const refusals: Record<string, string | undefined> = {};
    const attempts: readonly (readonly [string, object])[] = [
      ['save_task', { definition: { slug: 'mine', steps: [] }, workspace }],
      ['create_workspace', { name: 'mine' }],
      ['publish_task', { task: 'hidden', workspace }],
      ['start_run', { task: 'hidden', workspace }],
      ['start_run', { task, priority: 1 }],
      ['share_task', { task, user_id: randomUUID(), can_edit: true }],
      ['cancel_run', { run: bobs }],
      ['run_progress', { run: bobs }],
      ['pause_run', { run: own }],
      ['list_members', { workspace }],
      ['update_instance_settings', { settings: { end_user_max_open_runs: 1000 } }],
    ];
    for (const [name, args] of attempts) {
      const { data, error } = await rpc(ann.page, name, args);
      expect({ name, args, data }).toEqual({ name, args, data: null });
      refusals[`${name} ${Object.keys(args).join(' ')}`] = error?.code;
    }
    expect(refusals).toEqual({
      'save_task definition workspace': 'PT404',
      'create_workspace name': 'PT403',
      'publish_task task workspace': 'PT404',
      'start_run task workspace': 'PT404',
      'start_run task priority': 'PT403',
      'share_task task user_id can_edit': 'PT404',
      'cancel_run run': 'PT404',
      'run_progress run': 'PT404',
      'pause_run run': 'PT404',
      'list_members workspace': 'PT404',
      'update_instance_settings settings': 'PT403',
    });
    const idsOf = ({ data }: Answer) => (data as readonly { readonly id: string }[]).map(({ id }) => id);
    expect(idsOf(await read(ann.page, 'task_runs'))).toEqual([own]);
    expect(idsOf(await rpc(ann.page, 'list_runs', { workspace }))).toEqual([own]);
    expect((await rpc(ann.page, 'events_since', { run: bobs })).data).toEqual([]);
    for (const table of [
      'workspaces',
      'workspace_members',
      'tasks',
      'task_versions',
      'run_steps',
      'run_events',
      'audit_log',
      'api_keys',
    ])
      expect({ table, rows: (await read(ann.page, table)).data }).toEqual({ table, rows: [] });
  });
});

describe.each(['light', 'dark'] as const)('the page in %s', (colorScheme) => {
  it('hinders nobody, and fits on a phone', async () => {
    const page = await openPage({ colorScheme, viewport: PHONE });
    const found: Record<string, readonly string[]> = { 'sign-up': await findViolations(page) };
    await enter(page, `${randomUUID().slice(0, 8)}@example.com`, 'Sign up');
    found['empty'] = await findViolations(page);
    await choose(page, 'Report');
    await page.getByLabel('Urgent').waitFor();
    await startNew(page, 'Broken');
    await inState(page, 'failed').waitFor();
    await newest(page).getByText(/422/).waitFor();
    await startNew(page, 'Endless');
    await inState(page, 'running').waitFor();
    found['runs'] = await findViolations(page);
    expect(found).toEqual({ 'sign-up': [], empty: [], runs: [] });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
  });
});
