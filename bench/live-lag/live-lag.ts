// How long after its commit a change is at the last of n sockets, beside the least that is possible, in the same run.
//   npm run bench:lag [-- --seconds 10 --sockets 1,100,1000 --rates 1,50,200]
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { createArrivals, type Lags, makeChanges, type MakeChange } from './measure.ts';
import { listenPlainly, subscribeToFeed } from './sockets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    sockets: { type: 'string', default: '1,100,1000' },
    rates: { type: 'string', default: '1,50,200' },
  },
});
const numbers = (text: string): readonly number[] => text.split(',').map(Number);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function startFloor(databaseUrl: string): Promise<{ readonly url: string; stop(): void }> {
  const child = fork(join(import.meta.dirname, 'floor.ts'), { env: { ...process.env, BENCH_DATABASE_URL: databaseUrl } });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { readonly port: number }).port));
    child.once('exit', (code) => reject(new Error(`the floor ended with ${String(code)}`)));
  });
  return { url: `ws://127.0.0.1:${port}`, stop: () => void child.kill() };
}

/** A user with a workspace and a task whose runs are scheduled far away: each start is one change and nothing else. */
async function prepare(stack: Stack) {
  const supabase = createClient(stack.urls.supabase, stack.keys.publishable, {
    auth: { persistSession: false },
    db: { schema: 'durabase' },
  });
  const { data, error } = await supabase.auth.signUp({ email: `bench-${randomUUID()}@example.test`, password: randomUUID() });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  const saved = await supabase.rpc('save_task', { definition: { slug: 'bench', action: 'sleep', with: { duration: '1 hour' } } });
  if (saved.error !== null) throw new Error(saved.error.message);
  for (;;) {
    const version = await supabase.from('task_versions').select('state').single();
    if (version.data?.state === 'ready') break;
  }
  const feeds = await supabase.rpc('feeds');
  const [feed] = feeds.data as readonly { readonly topic: string; readonly feed: string }[];
  if (feed === undefined) throw new Error('the user follows no feed');
  return {
    token: data.session.access_token,
    topic: feed.topic,
    userId: data.session.user.id,
    workspaceId: feed.feed.split(':')[1] ?? '',
  };
}

/** Connections that act as the user, as those of the Data API do. */
function connectAs(databaseUrl: string, userId: string): pg.Pool {
  const claims = JSON.stringify({ sub: userId, role: 'authenticated' });
  return new pg.Pool({ connectionString: databaseUrl, max: 8, options: `-c role=authenticated -c request.jwt.claims=${claims}` });
}

const START = `select id from durabase.start_run('bench', run_at => now() + interval '1 year')`;

const show = ({ p50, p95, max, missing }: Lags): string =>
  `${p50.toFixed(1).padStart(7)} ${p95.toFixed(1).padStart(7)} ${max.toFixed(1).padStart(7)} ${String(missing).padStart(5)}`;

async function measureAll(stack: Stack, databaseUrl: string): Promise<void> {
  const floorPool = new pg.Pool({ connectionString: databaseUrl, max: 8 });
  await floorPool.query(`create table bench_changes (id text primary key);
    create function bench_tell() returns trigger language plpgsql as $$ begin perform pg_notify('bench_floor', new.id); return null; end $$;
    create trigger tell after insert on bench_changes for each row execute function bench_tell()`);
  const floor = await startFloor(databaseUrl);
  const user = await prepare(stack);
  const pool = connectAs(databaseUrl, user.userId);
  const writers: Readonly<Record<'live' | 'floor', MakeChange>> = {
    live: async () => (await pool.query<{ id: string }>(START)).rows[0]?.id ?? '',
    floor: async () =>
      (await floorPool.query<{ id: string }>('insert into bench_changes values ($1) returning id', [randomUUID()])).rows[0]?.id ??
      '',
  };
  const target = { url: stack.urls.supabase, apiKey: stack.keys.publishable, token: user.token, topic: user.topic };
  const seconds = Number(values.seconds);
  say('lag from commit to the last socket, ms       floor: p50     p95     max  lost   live: p50     p95     max  lost');
  for (const sockets of numbers(values.sockets)) {
    for (const rate of numbers(values.rates)) {
      const atFloor = createArrivals(sockets);
      const plain = await listenPlainly(sockets, floor.url, atFloor.note);
      const floorLags = atFloor.lagsOf(await makeChanges(writers.floor, { rate, seconds }));
      plain.close();
      const live = createArrivals(sockets);
      const subscribed = await subscribeToFeed(sockets, target, live.note);
      const liveLags = live.lagsOf(await makeChanges(writers.live, { rate, seconds }));
      subscribed.close();
      say(
        `${String(sockets).padStart(5)} sockets, ${String(rate).padStart(3)} changes/s             ${show(floorLags)}    ${show(liveLags)}`,
      );
    }
  }
  floor.stop();
  await pool.end();
  await floorPool.end();
}

const stateDir = mkdtempSync(join(tmpdir(), 'durabase-bench-'));
const stack = await startStack({
  projectDir: join(import.meta.dirname, '../..'),
  stateDir,
  ports: 'free',
  api: false,
  webUi: false,
  keepTemporalData: false,
  log: () => {},
});
try {
  await measureAll(stack, stack.urls.postgres);
} finally {
  await stack.destroy();
  rmSync(stateDir, { recursive: true, force: true });
}
process.exit();
