import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { chooseTask, enter, newest, openEndUserPage, pressStart, signUp, startNew } from './support/end-user-page.ts';
import { findViolations } from './support/find-violations.ts';
import { callStep, createPerson, type Person, release } from './support/people.ts';
import { readStage } from './support/stage.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
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

const inState = (page: Page, state: string) => newest(page).locator(`.head [data-state="${state}"]`);
const startNamed = (page: Page, name: string): Promise<string> => startNew(page, named(name));

describe('somebody who signs up in an app', () => {
  it('sees what was published, starts it, and sees it go on to its result', async () => {
    const { page, email } = await signUp(browser);
    const offered = await page.getByLabel('Task', { exact: true }).getByRole('option').allTextContents();
    expect(offered.filter((name) => name.endsWith(author.email)).toSorted()).toEqual(
      ['Broken', 'Endless', 'Report'].map(named).toSorted(),
    );
    await chooseTask(page, named('Report'));
    await page.getByText('Puts the numbers together, and sends them.').waitFor();
    await page.getByLabel('Send it to').fill(email);
    await page.getByLabel('Pages').fill('7');
    await page.getByLabel('Urgent').check();
    await pressStart(page);
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
    const { page } = await signUp(browser);
    await startNamed(page, 'Endless');
    await inState(page, 'running').waitFor();
    await newest(page).getByRole('button', { name: 'Cancel' }).click();
    await inState(page, 'cancelled').waitFor();
    expect(await newest(page).getByRole('button').count()).toBe(0);
    await startNamed(page, 'Broken');
    await inState(page, 'failed').waitFor();
    await newest(page).getByText(/422/).waitFor();
  });

  it('is refused with a sentence at his limit, and goes on when a run has ended', async () => {
    await setLimit(2);
    const { page } = await signUp(browser);
    await startNamed(page, 'Endless');
    await startNamed(page, 'Endless');
    await pressStart(page);
    await page
      .getByRole('alert')
      .getByText('You have 2 runs that have not ended; more are not accepted – try again in 5 seconds.')
      .waitFor();
    expect(await page.locator('[data-run]').count()).toBe(2);
    await newest(page).getByRole('button', { name: 'Cancel' }).click();
    await inState(page, 'cancelled').waitFor();
    await startNamed(page, 'Endless');
  });

  it('leaves nothing behind when he signs out, and finds his runs when he is back', async () => {
    const { page, email } = await signUp(browser);
    const run = await startNamed(page, 'Endless');
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
    const { page } = await signUp(browser);
    await chooseTask(page, named('Shapes'));
    await page.getByLabel('Input, as JSON').fill('{list}');
    await pressStart(page);
    await page
      .getByRole('alert')
      .getByText(/not JSON yet/)
      .waitFor();
    await page.getByLabel('Input, as JSON').fill('{"list": [1]}');
    await pressStart(page);
    await inState(page, 'completed').waitFor();
  });
});

describe.each(['light', 'dark'] as const)('the page in %s', (colorScheme) => {
  it('hinders nobody, and fits on a phone', async () => {
    const page = await openEndUserPage(browser, { colorScheme, viewport: PHONE });
    const found: Record<string, readonly string[]> = { 'sign-up': await findViolations(page) };
    await enter(page, `${randomUUID().slice(0, 8)}@example.com`, 'Sign up');
    found['empty'] = await findViolations(page);
    await chooseTask(page, named('Report'));
    await page.getByLabel('Urgent').waitFor();
    await startNamed(page, 'Broken');
    await inState(page, 'failed').waitFor();
    await newest(page).getByText(/422/).waitFor();
    await startNamed(page, 'Endless');
    await inState(page, 'running').waitFor();
    found['runs'] = await findViolations(page);
    expect(found).toEqual({ 'sign-up': [], empty: [], runs: [] });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
  });
});
