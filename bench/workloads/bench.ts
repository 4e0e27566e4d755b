// The product beside raw Temporal on the same tuned server, interleaved in one run:
//   npm run bench [-- --pairs 5 --runs 2000 --workloads w1,w2,w3,burst,loop]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from '@durabase/local-stack';
import { Agent, request } from 'undici';
import { type Callee, startCallee } from './calls.ts';
import { createProduct, type Product } from './product.ts';
import { calibrate, type Measured, quantile, timeAll } from './timing.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    runs: { type: 'string', default: '2000' },
    workloads: { type: 'string', default: 'w1,w2,w3,burst,loop' },
  },
});
const pairs = Number(values.pairs);
const runs = Number(values.runs);
const SINGLES = 300;
const TENS = 200;
const IN_FLIGHT = 100;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const median = (list: readonly number[]): number => quantile(list, 0.5);
const fixed = (value: number, digits = 1): string => value.toFixed(digits);

interface Setting {
  readonly stack: Stack;
  readonly product: Product;
  readonly raw: Callee;
  readonly floor: Callee;
}

const isNear = (left: number, right: number): boolean => Math.abs(left - right) / Math.max(left, right) <= 0.25;

/** Ratios of pairs in which the machine gave the same to both. */
async function inPairs(measure: () => Promise<readonly [product: number, raw: number]>): Promise<void> {
  const ratios: number[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const before = calibrate();
    const [product, raw] = await measure();
    const after = calibrate();
    const isKept = isNear(before.hashesPerSecond, after.hashesPerSecond);
    if (isKept) ratios.push(product / raw);
    say(
      `   pair ${pair}: product ${fixed(product)}/s, beside it ${fixed(raw)}/s, ratio ${fixed(product / raw, 2)}, load ${before.load}→${after.load}` +
        (isKept ? '' : ', dropped: the machine changed'),
    );
  }
  if (ratios.length > 0)
    say(`   median ratio ${fixed(median(ratios), 2)}, worst ${fixed(Math.min(...ratios), 2)}, of ${ratios.length} pairs`);
}

/** Runs ended in a second, of those that were submitted before. */
async function timeDrain(product: Product, total: number): Promise<number> {
  const beganMs = performance.now();
  await product.drained();
  return (total * 1_000) / (performance.now() - beganMs);
}

const workloads: Readonly<Record<string, (setting: Setting) => Promise<void>>> = {
  w1: async ({ product, raw }) => {
    say(`W1: ${runs} runs of one step, ${IN_FLIGHT} in flight; budget 0.70 × raw`);
    await inPairs(async () => [
      await product.many({ task: 'one', total: runs, inFlight: IN_FLIGHT }),
      await raw.call<number>('many', { workflow: 'one', total: runs, inFlight: IN_FLIGHT }),
    ]);
  },
  w2: async ({ product, raw }) => {
    say(`W2: ${SINGLES} runs of one step, one at a time, from submit to the end seen; budget p50 ≤ raw + 10 ms`);
    for (let pair = 1; pair <= pairs; pair += 1) {
      const ours = await product.single({ task: 'one', total: SINGLES });
      const theirs = await raw.call<Measured>('single', { workflow: 'one', total: SINGLES });
      say(
        `   pair ${pair}: product p50 ${fixed(ours.p50)} p95 ${fixed(ours.p95)} ms, raw p50 ${fixed(theirs.p50)} p95 ${fixed(theirs.p95)} ms, +${fixed(ours.p50 - theirs.p50)} ms`,
      );
    }
  },
  w3: async ({ product, raw }) => {
    say(`W3: ${TENS} runs of ten steps, 50 in flight, in steps; budget 0.80 × raw`);
    await inPairs(async () => [
      10 * (await product.many({ task: 'ten', total: TENS, inFlight: 50 })),
      10 * (await raw.call<number>('many', { workflow: 'ten', total: TENS, inFlight: 50 })),
    ]);
  },
  loop: async ({ product }) => {
    say(`Loop: one run over ${runs} items, ${IN_FLIGHT} at a time, beside as many runs of one step; budget of its time 1.3 ×`);
    await inPairs(async () => [
      await product.loop({ items: runs }),
      await product.many({ task: 'one', total: runs, inFlight: IN_FLIGHT }),
    ]);
  },
  burst: async ({ product, floor, stack }) => {
    const total = runs * 2.5;
    say(`Burst: ${total} submissions, ${IN_FLIGHT} connections; budget 0.5 × a bare POST and insert`);
    const port = await floor.call<number>('port', undefined);
    const agent = new Agent({ connections: IN_FLIGHT });
    const accepted = await product.submit({ task: 'one', total, inFlight: IN_FLIGHT });
    const drained = await timeDrain(product, total);
    await stack.programs.temporal.kill('SIGKILL', { restart: false });
    const acceptedAlone = await product.submit({ task: 'one', total, inFlight: IN_FLIGHT });
    await stack.programs.temporal.start();
    const drainedLater = await timeDrain(product, total);
    const bare = await timeAll({ total, inFlight: IN_FLIGHT }, async () => {
      const { body } = await request(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{"input":{}}', dispatcher: agent });
      await body.text();
    });
    await agent.close();
    say(
      `   accepted ${fixed(accepted)}/s, floor ${fixed(bare)}/s, ratio ${fixed(accepted / bare, 2)}; drained at ${fixed(drained)}/s`,
    );
    say(
      `   with Temporal stopped: accepted ${fixed(acceptedAlone)}/s, ratio ${fixed(acceptedAlone / bare, 2)}; drained at ${fixed(drainedLater)}/s after its return`,
    );
  },
};

async function measureAll(stack: Stack): Promise<void> {
  const product = await createProduct(stack);
  const raw = await startCallee(join(import.meta.dirname, 'raw-worker.ts'), {
    BENCH_TEMPORAL_ADDRESS: stack.temporal.address,
    BENCH_TEMPORAL_NAMESPACE: stack.temporal.namespace,
  });
  const floor = await startCallee(join(import.meta.dirname, 'floor-server.ts'), { BENCH_DATABASE_URL: stack.urls.postgres });
  await product.many({ task: 'one', total: 200, inFlight: 20 });
  await raw.call('many', { workflow: 'one', total: 200, inFlight: 20 });
  for (const name of values.workloads.split(',')) await workloads[name]?.({ product, raw, floor, stack });
  await product.close();
  await raw.stop();
  await floor.stop();
}

const stateDir = mkdtempSync(join(tmpdir(), 'durabase-bench-'));
const stack = await startStack({
  projectDir: join(import.meta.dirname, '../..'),
  stateDir,
  ports: 'free',
  worker: 'bench/workloads/noop-worker.ts',
  webUi: false,
  keepTemporalData: false,
  env: { ...process.env, DURABASE_LOG_LEVEL: 'warn' },
  log: () => {},
});
try {
  await measureAll(stack);
} finally {
  await stack.destroy();
  rmSync(stateDir, { recursive: true, force: true });
}
process.exit();
