// Lists and counts in a history of a million runs, through the API as its users, beside the same SQL as the table's owner, interleaved:
//   npm run bench:lists [-- --runs 1000000 --rounds 100]
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from '@durabase/local-stack';
import { SignJWT } from 'jose';
import pg from 'pg';
import { Agent, request } from 'undici';
import { quantile } from '../workloads/timing.ts';
import { type Case, listCases } from './cases.ts';
import { type Readers, seed } from './seed.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '100' } },
});
const runCount = Number(values.runs);
const rounds = Number(values.rounds);
const BUDGET_MS = 25;
const WARM_UP = 10;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const fixed = (ms: number): string => ms.toFixed(1).padStart(6);

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
};

async function tokensOf(readers: Readers, stack: Stack): Promise<ReadonlyMap<string, string>> {
  const key = new TextEncoder().encode(stack.keys.jwtSecret);
  const sign = (userId: string): Promise<string> =>
    new SignJWT({ role: 'authenticated' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(userId)
      .setAudience('authenticated')
      .setExpirationTime('2h')
      .sign(key);
  return new Map(await Promise.all(Object.entries(readers).map(async ([name, id]) => [name, await sign(String(id))] as const)));
}

interface Setting {
  readonly stack: Stack;
  readonly owner: pg.Client;
  readonly agent: Agent;
  readonly tokens: ReadonlyMap<string, string>;
}

/** Times of all cases in turn, so that a busy moment of the machine falls on all of them. */
async function measure(cases: readonly Case[], { stack, owner, agent, tokens }: Setting): Promise<void> {
  const times = cases.map((one) => ({ one, api: [] as number[], floor: [] as number[] }));
  const ask = async ({ as, path }: Case): Promise<void> => {
    const headers = { authorization: `Bearer ${tokens.get(as)}` };
    const { statusCode, body } = await request(`${stack.urls.api}${path}`, { dispatcher: agent, headers });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text.slice(0, 300)}`);
  };
  for (let round = -WARM_UP; round < rounds; round += 1)
    for (const [index, { one, api, floor: floors }] of times.entries()) {
      const { floor } = one;
      const apiMs = await timed(() => ask(one));
      const floorMs =
        floor === undefined
          ? undefined
          : await timed(() => owner.query({ name: `floor-${index}`, ...floor, values: [...floor.values] }));
      if (round < 0) continue;
      api.push(apiMs);
      if (floorMs !== undefined) floors.push(floorMs);
    }
  say('| question | API p50 | p95 | floor p50 | p95 | ratio p50 |');
  say('| --- | --- | --- | --- | --- | --- |');
  for (const { one, api, floor } of times) {
    const p95 = quantile(api, 0.95);
    const beside =
      floor.length === 0
        ? '| | |'
        : `${fixed(quantile(floor, 0.5))} | ${fixed(quantile(floor, 0.95))} | ${(quantile(api, 0.5) / quantile(floor, 0.5)).toFixed(1)} |`;
    say(`| ${one.name} | ${fixed(quantile(api, 0.5))} | ${fixed(p95)}${p95 > BUDGET_MS ? ' (over)' : ''} | ${beside}`);
  }
}

const stateDir = mkdtempSync(join(tmpdir(), 'durabase-lists-'));
const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('DURABASE_') && name !== 'NODE_OPTIONS');
const env = {
  ...Object.fromEntries(settings),
  DURABASE_TEMPORAL_BIN: process.env['DURABASE_TEMPORAL_BIN'],
  DURABASE_LOG_LEVEL: 'warn',
};
const stack = await startStack({
  stateDir,
  env,
  ports: 'free',
  webUi: false,
  worker: false,
  keepTemporalData: false,
  log: () => undefined,
});
const agent = new Agent({ connections: 1 });
const owner = new pg.Client({ connectionString: stack.urls.postgres });
try {
  await owner.connect();
  const seedMs = await timed(async () => {
    const seeded = await seed(stack.urls.postgres, runCount);
    const cases = await listCases(owner, seeded, runCount);
    const { rows } = await owner.query<{ size: string }>(
      "select pg_size_pretty(pg_total_relation_size('durabase.task_runs')) as size",
    );
    say(
      `${runCount} runs in 20 workspaces, ${rows[0]?.size}, load ${loadavg()[0]?.toFixed(1)}; milliseconds, ${rounds} rounds, budget p95 ${BUDGET_MS}`,
    );
    await measure(cases, { stack, owner, agent, tokens: await tokensOf(seeded.readers, stack) });
    say(`load at the end ${loadavg()[0]?.toFixed(1)}`);
  });
  say(`${Math.round(seedMs / 1_000)} s together`);
} finally {
  await owner.end();
  await agent.close();
  await stack.destroy();
  rmSync(stateDir, { recursive: true, force: true });
}
