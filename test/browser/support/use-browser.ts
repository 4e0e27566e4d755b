import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { EndUser } from './people.ts';
import { readStage } from './stage.ts';

export interface OpenOptions extends Pick<BrowserContextOptions, 'colorScheme' | 'viewport'> {
  /** @default '/runs' */
  readonly path?: string;
}

/** A browser for the tests of one file. */
export interface UsedBrowser {
  /** A page in a browser of its own, where nobody is signed in. */
  open(options?: OpenOptions): Promise<Page>;
  /** The same, signed in by the form. */
  openAs(person: EndUser, options?: OpenOptions): Promise<Page>;
}

const TIMEOUT_MS = 10_000;
/** A browser tells of every answer that is no success, also where it was to be a part of the pages; pages deal with those. */
const EXPECTED = /^Failed to load resource|Failed to fetch dynamically imported module/;

/** Call it at the top of a file. After each test no page may have thrown, or broken its own security policy. */
export const useBrowser = (): UsedBrowser => {
  let browser: Browser | undefined;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await chromium.connect(readStage().browserEndpoint);
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => browser?.close());
  const open = async ({ path = '/runs', ...options }: OpenOptions = {}): Promise<Page> => {
    if (browser === undefined) throw new Error('the browser is there from beforeAll on');
    const context = await browser.newContext({ baseURL: readStage().apiUrl, reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text());
    });
    await page.goto(path);
    return page;
  };
  return {
    open,
    openAs: async (person, options) => {
      const page = await open(options);
      await signIn(page, person);
      return page;
    },
  };
};

/** By the form that is shown. */
export const signIn = async (page: Page, { email, password }: Pick<EndUser, 'email' | 'password'>): Promise<void> => {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('navigation', { name: 'Pages' })
    .or(page.getByRole('button', { name: 'Open the menu' }))
    .first()
    .waitFor();
};
