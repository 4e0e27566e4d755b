import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import pg from 'pg';
import { startStack } from '../../../packages/local-stack/src/index.ts';
import { findChromium } from './find-chromium.ts';
import { serveEndUser } from './serve-end-user.ts';
import { shareStage } from './stage.ts';
import { startTarget } from './target.ts';

type Close = () => Promise<unknown>;

const PROJECT = join(import.meta.dirname, '../../..');
const KEY = Symbol.for('durabase.test.browser-stage');

/** Setup and teardown are loaded apart from each other; the process is what they have in common. */
const closers = (): Close[] => {
  const holder = globalThis as typeof globalThis & { [KEY]?: Close[] };
  return (holder[KEY] ??= []);
};

export const openStage = async (): Promise<void> => {
  const executablePath = findChromium();
  const target = await startTarget();
  closers().push(target.close);
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-browser-'));
  closers().push(async () => rmSync(stateDir, { recursive: true, force: true }));
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('DURABASE_') && name !== 'NODE_OPTIONS');
  const env = {
    ...Object.fromEntries(settings),
    DURABASE_TEMPORAL_BIN: process.env['DURABASE_TEMPORAL_BIN'],
    DURABASE_OUTGOING_ALLOW: target.host,
  };
  const stack = await startStack({ projectDir: PROJECT, stateDir, env, ports: 'free', keepTemporalData: false, log: sayBuilds });
  closers().push(stack.destroy);
  const owner = new pg.Client({ connectionString: stack.urls.postgres });
  await owner.connect();
  // As on an instance that serves an app: who signs up may run what was published. Those who write tasks are given workspaces.
  await owner.query('select durabase.update_instance_settings(\'{"sign_up": "run_only"}\')');
  await owner.end();
  const endUserPage = await serveEndUser(join(stateDir, 'vite'));
  closers().push(endUserPage.close);
  // Chromium's own sandbox cannot be made inside of most containers; the pages are ours.
  const browser = await chromium.launchServer({ executablePath, args: ['--no-sandbox'] });
  closers().push(() => browser.close());
  shareStage({
    apiUrl: stack.urls.api,
    supabaseUrl: stack.urls.supabase,
    publishableKey: stack.keys.publishable,
    secretKey: stack.keys.secret,
    ownerUrl: stack.urls.postgres,
    endUserUrl: endUserPage.url,
    targetUrl: `http://${target.host}`,
    browserEndpoint: browser.wsEndpoint(),
  });
};

const sayBuilds = (text: string): void => {
  if (text.startsWith('building')) process.stderr.write(`${text}\n`);
};

export const closeStage = async (): Promise<void> => {
  for (const close of closers().splice(0).toReversed()) await close();
};
