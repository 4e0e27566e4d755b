import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import { readStage } from './stage.ts';
import type { OpenOptions, UsedBrowser } from './use-browser.ts';

const PASSWORD = 'correct horse battery';

/** The page of the example, where nobody is signed in. */
export const openEndUserPage = async (browser: UsedBrowser, options: OpenOptions = {}): Promise<Page> => {
  const { endUserUrl, supabaseUrl, publishableKey } = readStage();
  const query = new URLSearchParams({ url: supabaseUrl, key: publishableKey });
  const page = await browser.open({ ...options, path: `${endUserUrl}?${query.toString()}` });
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  return page;
};

export const enter = async (page: Page, email: string, button: 'Sign up' | 'Sign in'): Promise<void> => {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('heading', { name: 'Start a task' }).waitFor();
};

export const signUp = async (browser: UsedBrowser): Promise<{ readonly page: Page; readonly email: string }> => {
  const page = await openEndUserPage(browser);
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  await enter(page, email, 'Sign up');
  return { page, email };
};

export const chooseTask = (page: Page, name: string) => page.getByLabel('Task', { exact: true }).selectOption({ label: name });
export const pressStart = (page: Page): Promise<void> => page.getByRole('button', { name: 'Start', exact: true }).click();
/** The card of the newest run. */
export const newest = (page: Page): Locator => page.locator('[data-run]').first();

/** Gives the id of the run. */
export const startNew = async (page: Page, name: string): Promise<string> => {
  const cards = page.locator('[data-run]');
  const count = await cards.count();
  await chooseTask(page, name);
  await pressStart(page);
  await cards.nth(count).waitFor();
  return (await newest(page).getAttribute('data-run')) ?? '';
};
