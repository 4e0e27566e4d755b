import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { findViolations } from './support/find-violations.ts';
import { callStep, createPerson, type Person } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
const PHONE = { width: 375, height: 720 };
const INPUT = {
  type: 'object',
  properties: { to: { type: 'string', format: 'email' }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['to'],
};

interface Place {
  readonly name: string;
  readonly path: string;
  /** Seen when the page is all there. */
  readonly isReady: (page: Page) => Promise<void>;
}

let person: Person;
const places: Place[] = [];

beforeAll(async () => {
  person = await createPerson();
  const task = await person.saveTask({
    slug: 'mail',
    name: 'Mail',
    input: INPUT,
    tags: ['a'],
    steps: [callStep('one', '/ok'), callStep('two', '/refuse', ['one'])],
  });
  const run = await person.durabase.start('mail', { to: 'ada@example.com' });
  await run.result().catch(() => {}); // it fails, so that the page has most to show
  await person.durabase.start('mail', { to: 'ada@example.com' }, { runAt: new Date(Date.now() + 3_600_000) });
  const heading = (name: string | RegExp) => (page: Page) => page.getByRole('heading', { name }).first().waitFor();
  const editor = (name: string) => (page: Page) => page.getByRole('textbox', { name }).first().waitFor();
  places.push(
    { name: 'runs', path: '/runs', isReady: (page) => page.locator('[data-run]').first().waitFor() },
    { name: 'run', path: `/runs/${run.id}?step=one%2F0`, isReady: editor('Output') },
    { name: 'feed', path: `/runs/${run.id}?tab=feed`, isReady: (page) => page.locator('[data-seq="1"]').waitFor() },
    { name: 'tasks', path: '/tasks', isReady: (page) => page.getByRole('link', { name: 'Mail', exact: true }).waitFor() },
    { name: 'task', path: `/tasks/${task}`, isReady: editor('Definition') },
    { name: 'versions', path: `/tasks/${task}?tab=versions`, isReady: (page) => page.getByText('v1').waitFor() },
    { name: 'start', path: `/tasks/${task}/start`, isReady: heading('Start Mail') },
    { name: 'no access', path: '/runs/00000000-0000-7000-8000-000000000000', isReady: heading('No access') },
  );
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('nothing hinders anybody on any page', async () => {
    const page = await browser.open({ colorScheme, path: '/sign-in' });
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const found: Record<string, readonly string[]> = { 'sign-in': await findViolations(page) };
    await page.context().close();
    const inside = await browser.openAs(person, { colorScheme });
    for (const { name, path, isReady } of places) {
      await inside.goto(path);
      await isReady(inside);
      found[name] = await findViolations(inside);
    }
    expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
    expect(Object.keys(found)).toHaveLength(9);
  }, 60_000);
});

describe('on a phone', () => {
  it('no page scrolls sideways', async () => {
    const page = await browser.openAs(person, { viewport: PHONE });
    for (const { name, path, isReady } of places) {
      await page.goto(path);
      await isReady(page);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect([name, width]).toEqual([name, PHONE.width]);
    }
  });
});

describe('by keys alone', () => {
  it('one comes past the menu to the content, opens a run and a step', async () => {
    const page = await browser.openAs(person);
    await page.goto('/runs');
    await page.locator('[data-run]').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    const focused = page.locator('[data-run] a:focus');
    for (let presses = 0; presses < 12 && (await focused.count()) === 0; presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Tab'); // the second one: it has begun
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
    await page.locator('[data-step="one"]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy the input' }).waitFor();
  });
});
