// Makes docs/images/*.png: a stack of its own with the tasks and runs of a small shop, photographed in Chromium.
// `npm run screenshots -- end-user` takes those alone whose names contain the word.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDurabase } from '@durabase/client';
import { startStack } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../test/browser/support/find-chromium.ts';
import { IMAGES, PHONE, photograph } from './photograph.ts';
import { seed } from './seed.ts';
import { takeEndUser } from './take-end-user.ts';
import { startTarget } from './target.ts';

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly scheme: 'light' | 'dark';
  readonly size: { readonly width: number; readonly height: number };
  /** Done before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const PROJECT = join(import.meta.dirname, '../..');
const ADA = { email: 'ada@example.com', password: 'correct horse battery' };
const SCREEN = { width: 1280, height: 800 };
const WANTED = process.argv[2] ?? '';

const describePictures = ({ report, failed }: Readonly<Record<'report' | 'failed', string>>): readonly Picture[] => {
  const start = async (page: Page): Promise<void> => {
    await page.goto('/tasks?q=onboard');
    await page.getByRole('link', { name: 'Start Onboard customer' }).click();
    await page.getByLabel('Name').fill('Nordwind GmbH');
    await page.getByLabel('E-mail').fill('ada@nordwind');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('One field needs another look.').waitFor();
    await page.evaluate('scrollTo(0, 0)');
  };
  const editor = async (page: Page): Promise<void> => {
    await page.goto('/tasks');
    await page.getByRole('link', { name: 'Archive orders' }).click();
    await page.locator('.cm-lintRange-error').hover();
    await page.locator('.cm-tooltip').waitFor();
  };
  return [
    { name: 'runs', path: '/runs', scheme: 'light', size: SCREEN },
    { name: 'runs-dark', path: '/runs', scheme: 'dark', size: SCREEN },
    { name: 'run', path: `/runs/${report}?step=digest%2F0`, scheme: 'light', size: { ...SCREEN, height: 900 } },
    { name: 'run-dark', path: `/runs/${report}`, scheme: 'dark', size: { ...SCREEN, height: 620 } },
    { name: 'run-failed', path: `/runs/${failed}?tab=feed`, scheme: 'light', size: { ...SCREEN, height: 660 } },
    { name: 'tasks', path: '/tasks', scheme: 'light', size: { ...SCREEN, height: 700 } },
    { name: 'task-editor-dark', path: '/tasks', scheme: 'dark', size: SCREEN, prepare: editor },
    { name: 'start', path: '/tasks', scheme: 'light', size: { ...SCREEN, height: 960 }, prepare: start },
    { name: 'phone-runs', path: '/runs', scheme: 'light', size: PHONE },
    { name: 'phone-run-dark', path: `/runs/${report}`, scheme: 'dark', size: PHONE },
    { name: 'sign-in', path: '', scheme: 'light', size: { width: 900, height: 620 } },
  ];
};

const take = async (browser: Browser, baseURL: string, { name, path, scheme, size, prepare }: Picture): Promise<void> => {
  const context = await browser.newContext({ baseURL, colorScheme: scheme, viewport: size, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  if (path !== '') {
    await page.getByLabel('E-mail').fill(ADA.email);
    await page.getByLabel('Password', { exact: true }).fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('[data-run]').first().waitFor();
    await page.goto(path);
    await prepare?.(page);
    await page.getByRole('status', { name: 'Updates: Live' }).or(page.getByRole('tab').first()).first().waitFor();
  }
  await photograph(page, name);
  await context.close();
};

const undos: (() => Promise<unknown>)[] = [];
try {
  const target = await startTarget();
  undos.push(target.close);
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-screenshots-'));
  undos.push(async () => rmSync(stateDir, { recursive: true, force: true }));
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('DURABASE_'));
  const env = {
    ...Object.fromEntries(others),
    DURABASE_TEMPORAL_BIN: process.env['DURABASE_TEMPORAL_BIN'],
    DURABASE_OUTGOING_ALLOW: target.host,
  };
  const stack = await startStack({ projectDir: PROJECT, stateDir, env, ports: 'free' });
  undos.push(stack.destroy);
  const owner = new pg.Pool({ connectionString: stack.urls.postgres, max: 2 });
  undos.push(() => owner.end());
  await owner.query(readFileSync(join(PROJECT, 'supabase/seed.sql'), 'utf8'));
  const supabase = createClient(stack.urls.supabase, stack.keys.publishable, { auth: { persistSession: false } });
  const { data, error } = await supabase.auth.signUp(ADA);
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  const durabase = createDurabase({ supabase });
  undos.push(() => durabase.close());
  console.log('runs are made, for half a minute');
  const runs = await seed({ apiUrl: stack.urls.api, token: data.session.access_token, targetUrl: target.url, durabase, owner });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  undos.push(() => browser.close());
  mkdirSync(IMAGES, { recursive: true });
  for (const picture of describePictures(runs).filter(({ name }) => name.includes(WANTED)))
    await take(browser, stack.urls.api, picture);
  const urls = { supabaseUrl: stack.urls.supabase, publishableKey: stack.keys.publishable };
  if ('end-user'.includes(WANTED)) await takeEndUser({ browser, owner, ...urls, cacheDir: join(stateDir, 'vite') });
} finally {
  for (const undo of undos.toReversed()) await undo();
}
process.exit();
