import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { callStep, createPerson, release } from './support/people.ts';
import { readStage } from './support/stage.ts';
import { signIn, useBrowser } from './support/use-browser.ts';

const browser = useBrowser();

const stepState = (page: Page, step: string, state: string) => page.locator(`[data-step="${step}"] [data-state="${state}"]`);
const heading = (page: Page, state: string) => page.locator(`h1 [data-state="${state}"]`);

describe('the page of a run', () => {
  it('shows its steps as they finish, with what went in and came out', async () => {
    const person = await createPerson();
    const steps = [callStep('first', '/ok'), callStep('second', '/held/steps', ['first']), callStep('third', '/ok', ['second'])];
    await person.saveTask({ slug: 'three', name: 'Three steps', steps });
    const { id } = await person.durabase.start('three');
    const page = await browser.openAs(person, { path: `/runs/${id}` });
    await stepState(page, 'first', 'completed').waitFor();
    await stepState(page, 'second', 'running').waitFor();
    await page.locator('[data-step="third"]', { hasText: 'Not begun' }).waitFor();
    await release('steps');
    await stepState(page, 'third', 'completed').waitFor();
    await heading(page, 'completed').waitFor();
    expect(await page.title()).toBe('Three steps: completed · Durabase');
    await page.locator('[data-step="first"]').press('Enter');
    await page.getByRole('textbox', { name: 'Output' }).getByText('"from": "ok"').waitFor();
    await page.getByRole('tab', { name: 'Feed' }).click();
    await page.locator('[data-seq="1"]', { hasText: 'run.queued' }).waitFor();
    await page.getByText('Run', { exact: true }).last().click();
    await page.locator('[data-seq]', { hasText: 'step.completed' }).first().waitFor({ state: 'detached' });
  });

  it('folds the items of a long loop, and shows at once the one that failed', async () => {
    const person = await createPerson();
    const paths = Array.from({ length: 25 }, (_, index) => (index === 24 ? 'refuse' : 'ok'));
    const { with: _, ...each } = callStep('each', '');
    const url = `${readStage().targetUrl}/{{ item }}`;
    await person.saveTask({
      slug: 'loop',
      name: 'Loop',
      steps: [{ ...each, forEach: 'input.paths', with: { url } }],
    });
    const run = await person.durabase.start('loop', { paths });
    await run.result().catch(() => {});
    const page = await browser.openAs(person, { path: `/runs/${run.id}` });
    const items = page.locator('[data-step="each"][data-iteration]:not([data-iteration="-1"])');
    const head = page.getByRole('button', { name: '25 items' });
    await head.getByText('1 failed').waitFor();
    expect(await items.count()).toBe(1);
    await page.locator('[data-iteration="24"]', { hasText: 'each · 25' }).waitFor();
    await head.click();
    expect(await items.count()).toBe(25);
  });

  it('has its own title also when it is opened from the list a second time', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'titled', name: 'Titled', steps: [callStep('one', '/ok')] });
    const run = await person.durabase.start('titled');
    await run.result();
    const page = await browser.openAs(person);
    for (let visits = 0; visits < 2; visits += 1) {
      await page.locator(`[data-run="${run.id}"] a`).click();
      await eventually(async () => expect(await page.title()).toBe('Titled: completed · Durabase'));
      await page.goBack();
      await eventually(async () => expect(await page.title()).toBe('Runs · Durabase'));
    }
  });

  it('cancels a run once that is confirmed, and offers what can be done then', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'long', name: 'Long', steps: [callStep('wait', '/held/never')] });
    const { id } = await person.durabase.start('long');
    const page = await browser.openAs(person, { path: `/runs/${id}` });
    await heading(page, 'running').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('not needed');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await heading(page, 'cancelled').waitFor();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    expect((await person.durabase.getRun(id)).cancelReason).toBe('not needed');
  });

  it('runs again with another input, and shows the new run', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'again', name: 'Again', steps: [callStep('one', '/ok')] });
    const run = await person.durabase.start('again', { day: 'monday' });
    await run.result();
    const page = await browser.openAs(person, { path: `/runs/${run.id}` });
    await page.getByRole('button', { name: 'Run again' }).click();
    const editor = page.getByRole('dialog').getByRole('textbox', { name: 'Input' });
    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('{ "day": ');
    expect(await page.getByRole('button', { name: 'Start the run' }).isDisabled()).toBe(true);
    await page.keyboard.insertText('"friday" }');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(run.id));
    const made = page.url().split('/').at(-1) ?? '';
    expect((await person.durabase.getRun(made)).input).toEqual({ day: 'friday' });
    await page.getByText('Run again from').waitFor();
  });

  it('says that it is not live when the socket is cut, and when it is again', async () => {
    const person = await createPerson();
    await person.saveTask({ slug: 'cut', name: 'Cut', steps: [callStep('wait', '/held/cut')] });
    const { id } = await person.durabase.start('cut');
    const page = await browser.open();
    const wire = await cutableWire(page);
    await page.reload();
    await signIn(page, person);
    await page.goto(`/runs/${id}`);
    await page.getByRole('status', { name: 'Updates: Live' }).waitFor();
    await wire.cut();
    await page.getByRole('alert').getByText('Polling').waitFor();
    await release('cut');
    await heading(page, 'completed').waitFor(); // polled for
    const { id: next } = await person.durabase.start('cut');
    wire.restore();
    await page.goto(`/runs/${next}`);
    await page.getByRole('status', { name: 'Updates: Live' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

/** Stands between the page and Realtime; what passes is not touched. */
const cutableWire = async (page: Page) => {
  let isCut = false;
  const closers = new Set<() => Promise<void>>();
  await page.context().routeWebSocket(/\/realtime\//, (socket) => {
    if (isCut) return void socket.close({ code: 1001 });
    socket.connectToServer();
    closers.add(() => socket.close({ code: 1001 }));
  });
  return {
    cut: async (): Promise<void> => {
      isCut = true;
      for (const close of closers) await close();
    },
    restore: (): void => {
      isCut = false;
    },
  };
};
