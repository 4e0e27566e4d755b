import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { writeDefinition } from './support/editor.ts';
import { callStep, createPerson, type Person } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();

const definitionOf = (name: string) => ({ slug: 'mail', name, steps: [callStep('one', '/ok')] });
const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click();
const readNames = async ({ supabase }: Person): Promise<readonly string[]> => {
  const { data, error } = await supabase.schema('durabase').from('task_versions').select('definition').order('number');
  if (error !== null) throw error;
  return (data as readonly { readonly definition: { readonly name: string } }[]).map(({ definition }) => definition.name);
};

describe('when two people write the same task', () => {
  it('the second one is told, keeps what he wrote, and decides', async () => {
    const person = await createPerson();
    const task = await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person, { path: `/tasks/${task}` });
    await writeDefinition(page, JSON.stringify(definitionOf('Mine')));
    await page.getByRole('status').getByText('It compiles').waitFor();
    await person.saveTask(definitionOf('Theirs'));
    const alert = page.getByRole('alert').filter({ hasText: 'Version 2 was saved while you were writing' });
    await alert.waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Definition' }).getByText('"Mine"').waitFor();
    await alert.getByRole('button', { name: 'Mine, over theirs' }).click();
    await save(page);
    await page.getByRole('status').getByText('Saved as v3').waitFor();
    expect(await readNames(person)).toEqual(['First', 'Theirs', 'Mine']);
  });

  it('is refused also where the news of it was not heard', async () => {
    const person = await createPerson();
    const task = await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person, { path: `/tasks/${task}` });
    await writeDefinition(page, JSON.stringify(definitionOf('Mine')));
    await page.getByRole('status').getByText('It compiles').waitFor();
    await page.route(`**/api/v1/tasks/${task}*`, (route) => route.abort()); // what was read stays as it is
    await person.saveTask(definitionOf('Theirs'));
    await save(page);
    await page.getByRole('alert').getByText('Somebody else has saved in between').waitFor();
    expect(await readNames(person)).toEqual(['First', 'Theirs']);
  });

  it('takes on what the other one saved where nothing was written', async () => {
    const person = await createPerson();
    const task = await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person, { path: `/tasks/${task}` });
    await page.getByRole('textbox', { name: 'Definition' }).getByText('"First"').waitFor();
    await person.saveTask(definitionOf('Theirs'));
    await page.getByRole('textbox', { name: 'Definition' }).getByText('"Theirs"').waitFor();
  });
});

describe('what was written and not saved', () => {
  it('is still there after a look at the versions, and is asked about when the page is left', async () => {
    const person = await createPerson();
    const task = await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person, { path: `/tasks/${task}` });
    await writeDefinition(page, JSON.stringify(definitionOf('Mine')));
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.getByRole('list', { name: 'Versions' }).getByText('v1').waitFor();
    await page.getByRole('tab', { name: 'Definition' }).click();
    await page.getByRole('textbox', { name: 'Definition' }).getByText('"Mine"').waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    await dialog.getByRole('button', { name: 'Back' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(page.url()).toContain(task);
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
  });
});

describe('a new task', () => {
  it('can be saved as it is proposed, and does not become a version of one that there is', async () => {
    const person = await createPerson();
    await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person, { path: '/tasks/new' });
    await page.getByRole('status').getByText('It compiles').waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).isEnabled()).toBe(true);
    await writeDefinition(page, JSON.stringify(definitionOf('Mine')));
    await page.getByRole('status').getByText('It compiles').waitFor();
    await save(page);
    await page.getByRole('alert').getByText('There is a task with this slug already').waitFor();
    expect(await readNames(person)).toEqual(['First']);
    await writeDefinition(page, JSON.stringify({ ...definitionOf('Mine'), slug: 'other' }));
    await page.getByRole('status').getByText('It compiles').waitFor();
    await save(page);
    await page.getByRole('heading', { name: 'Mine' }).waitFor(); // without being asked whether to leave
  });

  it('says of JSON that is no object what it must be', async () => {
    const page = await browser.openAs(await createPerson(), { path: '/tasks/new' });
    await writeDefinition(page, '[1, 2]');
    await page.getByRole('status').getByText('A task is an object').waitFor();
  });
});

describe('when a part of the pages cannot be loaded', () => {
  it('says so inside of the page, and offers to load it again', async () => {
    const person = await createPerson();
    const task = await person.saveTask(definitionOf('First'));
    const page = await browser.openAs(person);
    await page.route('**/assets/code-editor*', (route) => route.fulfill({ status: 404 }));
    await page.goto(`/tasks/${task}`);
    await page.getByRole('heading', { name: 'This page broke' }).waitFor();
    await page.unroute('**/assets/code-editor*');
    await page.getByRole('button', { name: 'Load it again' }).click();
    await page.getByRole('textbox', { name: 'Definition' }).waitFor();
  });
});
