import { describe, expect, it } from '@jest/globals';
import { callStep, createPerson, release } from './support/people.ts';
import { useBrowser } from './support/use-browser.ts';

const browser = useBrowser();
const PAGE = 50;

describe('the list of runs', () => {
  it('shows a run as it starts and as it ends, without a reload', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'report', name: 'Report', steps: [callStep('wait', '/held/list')] });
    const page = await browser.openAs(person);
    await page.getByRole('status', { name: 'Updates: Live' }).waitFor();
    await page.getByText('No runs yet').waitFor();
    const { id } = await person.durabase.start('report');
    const row = page.locator(`[data-run="${id}"]`);
    await row.locator('[data-state="running"]').waitFor();
    await release('list');
    await row.locator('[data-state="completed"]').waitFor();
    expect(await row.getByRole('link').textContent()).toBe('Report');
  });

  it('keeps its filter over a reload, and takes in only what fits', async () => {
    const person = await createPerson();
    const task = await person.saveTask({ slug: 'good', name: 'Good', steps: [callStep('one', '/ok')] });
    await person.saveTask({ slug: 'bad', name: 'Bad', steps: [callStep('one', '/refuse')] });
    const [good, bad] = [await person.durabase.start('good'), await person.durabase.start('bad')];
    await good.result();
    await bad.result().catch(() => {}); // it fails, as it shall
    const page = await browser.openAs(person);
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Completed' }).click();
    await page.waitForURL(/states=completed/);
    await page.locator(`[data-run="${bad.id}"]`).waitFor({ state: 'detached' });
    await page.reload();
    await page.locator(`[data-run="${good.id}"]`).waitFor();
    expect(await page.locator('[data-run]').count()).toBe(1);
    await page.getByRole('status', { name: 'Updates: Live' }).waitFor();
    const later = await person.durabase.start('good');
    await page.locator(`[data-run="${later.id}"]`).waitFor();
    await page.goto(`/runs?task=${task}&q=${later.id}`);
    await page.locator(`[data-run="${later.id}"]`).waitFor();
    expect(await page.locator('[data-run]').count()).toBe(1);
  });

  it('searches by words of the input, with the state in the address, and takes in what comes', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'ship', name: 'Ship', steps: [callStep('one', '/ok')] });
    const [tea, coffee] = [
      await person.durabase.start('ship', { goods: 'darjeeling tea' }),
      await person.durabase.start('ship', { goods: 'coffee' }),
    ];
    await Promise.all([tea.result(), coffee.result()]);
    const page = await browser.openAs(person);
    await page.locator(`[data-run="${tea.id}"]`).waitFor();
    await page.getByRole('textbox', { name: 'Search the runs' }).focus();
    await page.keyboard.type('Darjeeling');
    await page.waitForURL(/q=Darjeeling/);
    await page.locator(`[data-run="${coffee.id}"]`).waitFor({ state: 'detached' });
    const later = await person.durabase.start('ship', { goods: 'darjeeling again' });
    await page.locator(`[data-run="${later.id}"] [data-state="completed"]`).waitFor();
    expect(await page.locator('[data-run]').count()).toBe(2);
    await page.reload();
    await page.locator(`[data-run="${tea.id}"]`).waitFor();
    expect(await page.getByRole('textbox', { name: 'Search the runs' }).inputValue()).toBe('Darjeeling');
    await page.locator(`[data-run="${later.id}"]`).waitFor();
    expect(await page.locator('[data-run]').count()).toBe(2);
  });

  it('reads older runs as one scrolls', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'later', name: 'Later', steps: [callStep('one', '/ok')] });
    const runAt = new Date(Date.now() + 3_600_000);
    const first = await person.durabase.start('later', {}, { runAt });
    for (let count = 1; count < PAGE + 10; count += 1) await person.durabase.start('later', {}, { runAt });
    const page = await browser.openAs(person);
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    expect(await page.locator('[data-run]').count()).toBeLessThan(PAGE);
    await page.keyboard.press('End');
    await page
      .getByRole('table', { name: 'Runs' })
      .and(page.locator(`[aria-rowcount="${PAGE + 11}"]`))
      .waitFor();
    await page.keyboard.press('End');
    await page.locator(`[data-run="${first.id}"]`).waitFor();
  });

  it('shows a stranger nothing, and says so', async () => {
    const [person, stranger] = [await createPerson(), await createPerson()];
    await person.saveTask({ slug: 'secret', name: 'Secret', steps: [callStep('one', '/ok')] });
    const { id } = await person.durabase.start('secret');
    const page = await browser.openAs(stranger);
    await page.getByText('No runs yet').waitFor();
    await page.goto(`/runs/${id}`);
    await page.getByRole('heading', { name: 'No access' }).waitFor();
    expect(await page.getByText('Secret').count()).toBe(0);
  });
});
