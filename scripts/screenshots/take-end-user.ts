import type pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { serveEndUser } from '../../test/browser/support/serve-end-user.ts';
import { PHONE, photograph } from './photograph.ts';

export interface EndUserPictures {
  readonly browser: Browser;
  /** Superuser of the database. */
  readonly owner: pg.Pool;
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  readonly cacheDir: string;
}

const PUBLISHED = ['daily-sales-report', 'onboard-customer', 'send-invoice', 'renew-contracts'];
const PAPER = { width: 760, height: 980 };

/** The page of `examples/end-user`, as somebody sees it who signs up. */
export const takeEndUser = async ({ browser, owner, supabaseUrl, publishableKey, cacheDir }: EndUserPictures): Promise<void> => {
  await owner.query(`select durabase.update_instance_settings('{"sign_up": "run_only", "end_user_max_open_runs": 2}')`);
  for (const task of PUBLISHED)
    await owner.query('select durabase.publish_task(t.id::text) from durabase.tasks t where t.slug = $1', [task]);
  const served = await serveEndUser(cacheDir);
  const address = `${served.url}?${new URLSearchParams({ url: supabaseUrl, key: publishableKey }).toString()}`;
  const open = async (colorScheme: 'light' | 'dark', viewport: typeof PAPER): Promise<Page> => {
    const page = await (await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' })).newPage();
    await page.goto(address);
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    return page;
  };
  try {
    const page = await open('light', PAPER);
    await signUp(page, 'grace@example.com');
    await startSome(page);
    await photograph(page, 'end-user');
    await page.getByLabel('Task', { exact: true }).selectOption({ label: 'Renew contracts' });
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.head [data-state="waiting"]').first().waitFor();
    const dark = await open('dark', PHONE);
    await photograph(dark, 'phone-end-user-sign-up-dark');
    await dark.getByLabel('E-mail').fill('grace@example.com');
    await dark.getByLabel('Password').fill(PASSWORD);
    await dark.getByRole('button', { name: 'Sign in' }).click();
    await dark.getByLabel('Task', { exact: true }).selectOption({ label: 'Renew contracts' });
    await dark.getByRole('button', { name: 'Start', exact: true }).click();
    await dark.getByRole('alert').getByText('more are not accepted').waitFor();
    await dark.getByText('Wait until the notice period begins').nth(1).waitFor();
    await dark.getByText('catching up').first().waitFor({ state: 'detached' });
    await photograph(dark, 'phone-end-user-dark');
  } finally {
    await served.close();
  }
};

const PASSWORD = 'correct horse battery';

const signUp = async (page: Page, email: string): Promise<void> => {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('heading', { name: 'Start a task' }).waitFor();
};

/** One that failed, one that ended well, one that is cancelled, one that goes on. */
const startSome = async (page: Page): Promise<void> => {
  const start = async (task: string, state: string): Promise<void> => {
    const cards = page.locator('[data-run]');
    const count = await cards.count();
    await page.getByLabel('Task', { exact: true }).selectOption({ label: task });
    if (task === 'Daily sales report') await page.getByLabel('to', { exact: true }).fill('grace@example.com');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await cards.nth(count).waitFor();
    await cards.first().locator(`.head [data-state="${state}"]`).waitFor();
  };
  await start('Send invoice', 'failed');
  await start('Daily sales report', 'completed');
  await page.getByLabel('Result').first().waitFor();
  await start('Renew contracts', 'waiting');
};
