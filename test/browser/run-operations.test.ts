import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { callStep, createPerson, release } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
const heading = (page: Page, state: string) => page.locator(`h1 [data-state="${state}"]`);

/** Waits for the page of another run, and gives its id. */
const nextRun = async (page: Page, runId: string): Promise<string> => {
  await page.waitForURL((url) => /^\/runs\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(runId));
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
};

describe('what can be asked of a run', () => {
  it('is to hold it, and to let it go on', async () => {
    const person = await createPerson();
    const steps = [callStep('first', '/held/pause'), callStep('second', '/ok', ['first'])];
    await person.saveTask({ slug: 'held', name: 'Held', steps });
    const { id } = await person.durabase.start('held');
    const page = await browser.openAs(person, { path: `/runs/${id}` });
    await heading(page, 'running').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await release('pause');
    await page.locator('[data-step="first"] [data-state="completed"]').waitFor();
    await page.locator('[data-step="second"]', { hasText: 'Not begun' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await heading(page, 'completed').waitFor();
  });

  it('is to retry what failed, or to fork it from a step, keeping what was done', async () => {
    const person = await createPerson();
    const steps = [callStep('first', '/ok'), callStep('second', '/refuse', ['first'])];
    await person.saveTask({ slug: 'halves', name: 'Halves', steps });
    const run = await person.durabase.start('halves');
    await run.result().catch(() => {}); // it fails, as it shall
    const page = await browser.openAs(person, { path: `/runs/${run.id}` });
    await page.getByRole('button', { name: 'Retry' }).click();
    const retried = await nextRun(page, run.id);
    await page.getByText('Retry of').waitFor();
    await heading(page, 'failed').waitFor();
    await page.locator('[data-step="first"]').click();
    await page.getByRole('button', { name: 'Fork from here' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start the run' }).click();
    await nextRun(page, retried);
    await page.getByText('Forked from').waitFor();
    await heading(page, 'failed').waitFor();
    expect(await page.locator('[data-step="first"] [data-state="completed"]').count()).toBe(1);
    await page.getByRole('button', { name: 'Fork', exact: true }).click(); // where it failed, unless one says otherwise
    expect(await page.getByRole('dialog').getByLabel('From the step').first().inputValue()).toBe('second');
  });
});
