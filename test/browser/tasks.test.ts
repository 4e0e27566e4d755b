import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { writeDefinition as write } from './support/editor.ts';
import { callStep, createPerson } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();

/** Numbers of the lines in which something is marked as wrong. */
const markedLines = async (page: Page): Promise<readonly number[]> => {
  const lines = page.locator('.cm-line');
  const marks = Array.from({ length: await lines.count() }, (_, index) =>
    lines.nth(index).locator('.cm-lintRange-error').count(),
  );
  return (await Promise.all(marks)).flatMap((count, index) => (count > 0 ? [index + 1] : []));
};

const INPUT = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2 },
    email: { type: 'string', format: 'email' },
    plan: { type: 'string', enum: ['small', 'large'] },
    seats: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
    news: { type: 'boolean', default: true },
    tags: { type: 'array', items: { type: 'string' } },
    address: { type: 'object', properties: { city: { type: 'string' } } },
    extra: { anyOf: [{ type: 'string' }, { type: 'number' }] },
  },
  required: ['name', 'email', 'plan'],
};

describe('the editor of a task', () => {
  it('marks what the compiler refuses where it stands, and saves what it takes', async () => {
    const person = await createPerson();
    const page = await browser.openAs(person, { path: '/tasks/new' });
    const text = (needs: string): string =>
      [
        '{ "slug": "mail",',
        '  "steps": [',
        '    { "id": "send", "action": "sleep",',
        `      "needs": [${needs}],`,
        '      "with": { "duration": "1 second" } } ] }',
      ].join('\n');
    await write(page, text('"fetch"'));
    await page.getByRole('status').getByText('1 problem').waitFor();
    await page.getByRole('list', { name: 'Problems' }).getByText('steps[0].needs[0]').waitFor();
    expect(await markedLines(page)).toEqual([4]);
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('"fetch"');
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await write(page, text(''));
    await page.getByRole('status').getByText('It compiles').waitFor();
    expect(await markedLines(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'mail' }).getByText('Ready').waitFor();
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('list', { name: 'Versions' }).getByText('v1').waitFor();
  });

  it('marks the line in which the text stops being JSON', async () => {
    const page = await browser.openAs(await createPerson(), { path: '/tasks/new' });
    await write(page, '{\n  "slug": "mail",\n  "name": oops\n}');
    await page.getByRole('status').getByText('This is not JSON').waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    expect(await markedLines(page)).toEqual([3]);
  });

  it('finds tasks by what is typed, and by their state, over a reload', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'weekly-report', name: 'Weekly report', tags: ['finance'], steps: [callStep('one', '/ok')] });
    await person.saveTask({ slug: 'import', name: 'Import', steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: '/tasks' });
    await page.getByRole('link', { name: 'Import', exact: true }).waitFor();
    await page.getByLabel('Search the tasks').fill('finance');
    await page.getByRole('link', { name: 'Import', exact: true }).waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('link', { name: 'Weekly report', exact: true }).waitFor();
    expect(await page.getByRole('list', { name: 'Tasks' }).getByRole('listitem').count()).toBe(1);
    await page.getByText('Invalid', { exact: true }).click();
    await page.getByText('No task fits').waitFor();
  });
});

describe('the form that starts a task', () => {
  it('refuses what does not fit, in place, and starts what does', async () => {
    const person = await createPerson();
    const task = await person.saveTask({ slug: 'sign-up', name: 'Sign up', input: INPUT, steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: `/tasks/${task}/start` });
    const start = page.getByRole('button', { name: 'Start' });
    await page.getByLabel('Email').fill('not an address');
    await page.getByLabel('Seats').fill('99');
    await start.click();
    await page.getByText('An e-mail address is needed, such as ada@example.com').waitFor();
    await page.getByText('At most 10').waitFor();
    expect(await page.getByText('This is needed').count()).toBe(2); // name and plan
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Seats').fill('4');
    await page.getByRole('combobox', { name: 'Plan' }).click();
    await page.getByRole('option', { name: 'large' }).click();
    await page.getByLabel('City').fill('Berlin');
    await page.getByLabel('Extra').fill('7');
    await page.getByRole('combobox', { name: 'Tags' }).fill('vip');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'As JSON' }).click();
    await page.getByRole('textbox', { name: 'Input' }).getByText('"Berlin"').waitFor();
    await start.click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
    const { input } = await person.durabase.getRun(page.url().split('/').at(-1) ?? '');
    expect(input).toEqual({
      name: 'Ada',
      email: 'ada@example.com',
      plan: 'large',
      seats: 4,
      news: true,
      tags: ['vip'],
      address: { city: 'Berlin' },
      extra: 7,
    });
  });

  it('leads to the first field that needs another look', async () => {
    const person = await createPerson();
    const task = await person.saveTask({ slug: 'sign-up', name: 'Sign up', input: INPUT, steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: `/tasks/${task}/start` });
    await page.getByLabel('Name').fill('Ada');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('2 fields need another look.').waitFor();
    await page.locator('input[name="email"]:focus').waitFor();
  });

  it('keeps JSON that is not finished, and says why it does not start', async () => {
    const person = await createPerson();
    const task = await person.saveTask({ slug: 'sign-up', name: 'Sign up', input: INPUT, steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: `/tasks/${task}/start` });
    await page.getByRole('tab', { name: 'As JSON' }).click();
    const editor = page.getByRole('textbox', { name: 'Input' });
    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('{ "name": ');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('alert').getByText('This is not JSON yet.').waitFor();
    expect(await page.getByRole('tab', { name: 'Form' }).isDisabled()).toBe(true);
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('"Ada" }');
    await page.getByRole('tab', { name: 'Form' }).click();
    expect(await page.getByLabel('Name').inputValue()).toBe('Ada');
  });

  it('starts one run, also when its first answer was lost', async () => {
    const person = await createPerson();
    const task = await person.saveTask({ slug: 'once', name: 'Once', input: INPUT, steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: `/tasks/${task}/start` });
    let isLost = false;
    await page.route('**/api/v1/tasks/*/runs', async (route) => {
      if (isLost) return route.continue();
      isLost = true;
      await route.fetch(); // the API has accepted it, and nobody hears of it
      return route.abort();
    });
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByRole('combobox', { name: 'Plan' }).click();
    await page.getByRole('option', { name: 'small' }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('alert').getByText('The API cannot be reached').waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
    const runs: string[] = [];
    for await (const { id } of person.durabase.listRuns()) runs.push(id);
    expect(runs).toHaveLength(1);
  });

  it('shows in its place what only the API can tell', async () => {
    const person = await createPerson();
    const input = {
      type: 'object',
      properties: { code: { type: 'string', not: { enum: ['no'] }, title: 'Code' }, size: { type: 'number', multipleOf: 5 } },
    };
    const task = await person.saveTask({ slug: 'sized', name: 'Sized', input, steps: [callStep('one', '/ok')] });
    const page = await browser.openAs(person, { path: `/tasks/${task}/start` });
    await page.getByRole('textbox', { name: 'Size' }).fill('7');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('One field needs another look.').waitFor();
    await page.getByText(/multiple of 5/).waitFor();
    expect(page.url()).toContain('/start');
  });
});
