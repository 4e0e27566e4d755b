import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createApiClient } from '../api-client.ts';
import { createCast } from '../cast.ts';
import { startPrograms } from '../programs.ts';
import type { EmptyStage, Stage } from '../stage.ts';
import { signUp, type DemoUser } from '../user.ts';
import { watchRuns } from '../watch-runs.ts';
import { connectRemote } from './cut-subscriber.ts';
import { showStates } from './show-states.ts';

export const SALES_DAY = '2026-11-20';
const SALES_CENTS = [1_250, 4_800, 990, 12_400];

/** The app's tables are made, a user signs up and sells something, API and worker start. */
export async function playSignUp(stage: EmptyStage): Promise<Stage> {
  const { screen, stack, signal } = stage;
  screen.scene('A user signs up, and sells something');
  await createShop(stage);
  const user = await signUp({ url: stack.urls.supabase, publishableKey: stack.keys.publishable });
  await sell(user);
  screen.tell(`${user.email} has her own workspace, and ${SALES_CENTS.length} rows of sales`);

  const programs = await startPrograms({ ...stage, settings: settingsFor(stage, user), log: screen.note });
  stage.onEnd(programs.stop);
  screen.tell(`API and worker are up; they may use her token at ${new URL(stack.urls.supabase).host} only`);

  const cast = createCast();
  const watch = await watchRuns({ name: 'main', supabase: user.supabase, onStates: showStates({ screen, cast }), signal });
  stage.onEnd(watch.subscriber.stop);
  const remote = await connectRemote(stage, user);
  screen.tell('two subscribers follow her workspace by the SDK, over Realtime');
  return { ...stage, user, programs, api: createApiClient({ url: stack.urls.api, token: user.token }), watch, remote, cast };
}

/** As the owner: what an app's own migrations would do, and the instance's setting for sign-ups. */
async function createShop({ projectDir, stack }: EmptyStage): Promise<void> {
  const files = [join(projectDir, 'supabase/seed.sql'), join(import.meta.dirname, '../sql/shop.sql')];
  const owner = new pg.Client({ connectionString: stack.urls.postgres });
  await owner.connect();
  try {
    for (const file of files) await owner.query(readFileSync(file, 'utf8'));
  } finally {
    await owner.end();
  }
  await stack.clearSchemaCache();
}

async function sell({ supabase }: DemoUser): Promise<void> {
  const rows = SALES_CENTS.map((cents) => ({ day: SALES_DAY, cents }));
  const { error } = await supabase.schema('public').from('sales').insert(rows);
  if (error !== null) throw new Error(`the sales cannot be written: ${error.message}`);
}

function settingsFor({ stack, target }: EmptyStage, user: DemoUser): Readonly<Record<string, string>> {
  const hosts = [new URL(stack.urls.supabase).host];
  return {
    DURABASE_SECRETS: JSON.stringify({
      PUBLISHABLE_KEY: { value: stack.keys.publishable, hosts },
      USER_TOKEN: { value: user.token, hosts },
    }),
    DURABASE_OUTGOING_ALLOW: [...hosts, target.host].join(','),
  };
}
