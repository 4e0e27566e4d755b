import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { callStep, createEndUser, createPerson } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
describe('an end user', () => {
  it('sees how far his run is, under the name of its task, and can cancel it', async () => {
    const person = await createPerson();
    const steps = [callStep('first', '/ok'), callStep('second', '/held/end-user', ['first'])];
    const slug = `published-${randomUUID()}`;
    await person.publishTask(await person.saveTask({ slug, name: 'Published', steps }));
    const endUser = await createEndUser();
    const run = await endUser.durabase.start(slug);
    const page = await browser.openAs(endUser, { path: `/runs/${run.id}` });
    await page.getByRole('heading', { name: 'Published' }).waitFor();
    await page.locator('[data-step="first"] [data-state="completed"]').waitFor();
    await page.locator('[data-step="second"] [data-state="running"]').waitFor();
    await page.locator('[data-step="first"]').click();
    await page.getByText('is shown to members of the workspace').waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.locator('h1 [data-state="cancelled"]').waitFor();
    await page.getByRole('link', { name: 'Tasks' }).click();
    await page.getByText('Tasks are shown to members of their workspace').waitFor();
  });
});
