import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { useProduct } from './use-product.ts';

const RUN_COUNT = Number(process.env['DURABASE_TEST_OUTAGE_RUNS'] ?? '1000');
const LAST_PART_COUNT = Math.floor(RUN_COUNT * 0.4);
const SUBMITTERS_PER_WAY = 8;
const CALLER_COUNT = 6;
const ENDED = "('completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired')";

const product = useProduct();

interface RunRow {
  readonly id: string;
  readonly state: string;
  readonly workflow_id: string;
}

const listRuns = async (task: string): Promise<readonly RunRow[]> => {
  const sql =
    'select r.id, r.state, r.workflow_id from durabase.task_runs r join durabase.tasks t on t.id = r.task_id where t.slug = $1';
  return (await product.owner.query<RunRow>(sql, [task])).rows;
};
const startByRpc = async (task: string, input: unknown, key: string): Promise<string> => {
  const { data, error } = await product.supabase.rpc('start_run', { task, input, idempotency_key: key });
  if (error !== null) throw new Error(error.message);
  return (data as { readonly id: string }).id;
};
const startByHttp = async (task: string, input: unknown, key: string): Promise<string> => {
  const response = await product.callApi(`/tasks/${task}/runs`, { input }, { 'idempotency-key': key });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
};
const saveTask = async (slug: string, path: string): Promise<void> => {
  const json = { n: '{{ input.n }}' };
  const response = await product.callApi('/tasks', {
    slug,
    action: 'http',
    with: { url: `${product.target.url}${path}`, method: 'POST', json },
  });
  expect(response.status).toBe(201);
};

interface SubmitOptions {
  readonly task: string;
  /** The last part of the submissions waits for this. */
  readonly beforeLastPart: Promise<void>;
  readonly onAccepted: (count: number) => void;
}

/** Everybody submits at once, by all three ways, each run under a key of its own. */
const submitAll = async ({ task, beforeLastPart, onAccepted }: SubmitOptions): Promise<ReadonlyMap<string, string>> => {
  const accepted = new Map<string, string>();
  const waiting = Array.from({ length: RUN_COUNT }, (_, n) => n);
  const work = async (start: typeof startByRpc): Promise<void> => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
      if (n >= RUN_COUNT - LAST_PART_COUNT) await beforeLastPart;
      const key = `${task}-${n}`;
      accepted.set(key, await start(task, { n }, key));
      onAccepted(accepted.size);
    }
  };
  const ways = [product.startBySql, startByRpc, startByHttp];
  await Promise.all(ways.flatMap((start) => Array.from({ length: SUBMITTERS_PER_WAY }, () => work(start))));
  return accepted;
};

const effectsOf = (runIds: ReadonlySet<string>): readonly (readonly [string, readonly string[]])[] =>
  [...product.target.effects].filter(([key]) => runIds.has(key.split('/')[0] ?? ''));

beforeAll(async () => {
  await saveTask('count', '/count');
  await saveTask('wait', '/held');
});

describe(`${RUN_COUNT} submissions while worker and Temporal die`, () => {
  it('are all accepted, all executed, none twice, and mirror and Temporal agree', async () => {
    const { stack, target } = product;
    const { worker, temporal } = stack.programs;
    let acceptedWithoutTemporal = 0;
    let isTemporalDown = false;
    const temporalDown = Promise.withResolvers<void>();
    const killTemporal = async (): Promise<void> => {
      await temporal.kill('SIGKILL', { restart: false });
      isTemporalDown = true;
    };
    const accepted = await submitAll({
      task: 'count',
      beforeLastPart: temporalDown.promise,
      onAccepted: (count) => {
        if (isTemporalDown) acceptedWithoutTemporal += 1;
        if (count === Math.floor(RUN_COUNT * 0.2)) void stack.killWorker('SIGKILL', { restart: false });
        if (count === Math.floor(RUN_COUNT * 0.3)) killTemporal().then(temporalDown.resolve, temporalDown.reject);
      },
    });
    expect(accepted.size).toBe(RUN_COUNT);
    expect(acceptedWithoutTemporal).toBeGreaterThanOrEqual(LAST_PART_COUNT);
    // Who did not hear the answer asks again, still without Temporal, and gets the run that there is.
    for (const n of [0, RUN_COUNT - 1]) expect(await startByHttp('count', { n }, `count-${n}`)).toBe(accepted.get(`count-${n}`));

    // The worker comes first and has to wait for Temporal.
    await worker?.start();
    await temporal.start();
    await eventually(() => expect(target.effects.size).toBeGreaterThan(RUN_COUNT * 0.5), { timeoutMs: 120_000 });
    await stack.killWorker('SIGKILL');
    await eventually(() => expect(target.effects.size).toBeGreaterThan(RUN_COUNT * 0.7), { timeoutMs: 120_000 });
    await temporal.kill('SIGKILL');
    await eventually(
      async () => {
        const sql = `select count(*)::int as count from durabase.task_runs where state not in ${ENDED}`;
        expect((await product.owner.query(sql)).rows).toEqual([{ count: 0 }]);
      },
      { timeoutMs: 180_000, everyMs: 250 },
    );

    const runs = await listRuns('count');
    const runIds = new Set(accepted.values());
    expect(runIds.size).toBe(RUN_COUNT);
    expect(new Set(runs.map(({ id }) => id))).toEqual(runIds);
    expect(runs.filter(({ state }) => state !== 'completed')).toEqual([]);

    const effects = effectsOf(runIds);
    expect(new Set(effects.map(([key]) => key))).toEqual(new Set([...runIds].map((id) => `${id}/main/0`)));
    expect(effects.filter(([, bodies]) => new Set(bodies).size !== 1)).toEqual([]);
    expect(new Set(effects.map(([, bodies]) => bodies[0])).size).toBe(RUN_COUNT);

    await eventually(async () => {
      const executions = await product.listExecutions();
      expect(executions.length).toBe(RUN_COUNT); // one each: a second one of the same id would be listed too
      expect(new Map(executions)).toEqual(new Map(runs.map((run) => [run.workflow_id, 'COMPLETED'])));
    });
    const repeatCount = effects.reduce((sum, [, bodies]) => sum + bodies.length - 1, 0);
    process.stdout.write(
      `${RUN_COUNT} runs, ${acceptedWithoutTemporal} accepted without Temporal, ${repeatCount} steps repeated under their own key\n`,
    );
  }, 400_000);
});

/** Callers who do not know of the outage, while it lasts. Returns the answers that they got. */
const collectAnswersDuring = async (outage: () => Promise<void>): Promise<ReadonlySet<string>> => {
  const answers = new Set<string>();
  let isOver = false;
  const call = async (): Promise<string> => String((await product.callApi('/runs?limit=1')).status);
  const callers = Array.from({ length: CALLER_COUNT }, async () => {
    while (!isOver) answers.add(await call().catch((error: Error) => error.message));
  });
  await outage().finally(() => {
    isOver = true;
  });
  await Promise.all(callers);
  return answers;
};
const expectUnavailable = async (call: () => Promise<Response>): Promise<void> => {
  const response = await call();
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[1-9]\d*$/)]);
  expect(await response.json()).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
};

describe('Postgres dies', () => {
  it('is told with 503 and Retry-After, and everything goes on by itself when it is back', async () => {
    const { stack, target } = product;
    const { postgres, api, worker } = stack.programs;
    const pids = [api?.pid, worker?.pid];
    const runId = await startByHttp('wait', { n: 1 }, 'wait-1');
    await eventually(() => expect(target.heldCount).toBe(1));
    const answers = await collectAnswersDuring(async () => {
      await postgres.kill('SIGKILL', { restart: false });
      // Its children notice within moments; until then one of them may still answer.
      await eventually(async () => expect((await product.callApi('/runs')).status).toBe(503));
      await expectUnavailable(() => product.callApi('/tasks/count/runs', {}));
      await expectUnavailable(() => product.callApi('/runs'));
      await eventually(async () => {
        const [ready, healthy] = await Promise.all(['readyz', 'healthz'].map((path) => fetch(`${stack.urls.api}/${path}`)));
        expect([ready?.status, ready?.headers.get('retry-after'), healthy?.status]).toEqual([503, '2', 200]);
      });
      target.release(); // the step ends while nobody can write that down
      await postgres.start();
      await eventually(async () => expect((await product.callApi('/runs')).status).toBe(200), { timeoutMs: 20_000 });
    });
    expect([...answers].toSorted()).toEqual(['200', '503']); // nobody was cut off
    const laterId = await eventually(() => startByHttp('count', { n: -1 }, 'after-the-outage'), { timeoutMs: 20_000 });
    await eventually(
      async () => {
        const sql = 'select id, state from durabase.task_runs where id = any($1)';
        const { rows } = await product.owner.query<RunRow>(sql, [[runId, laterId]]);
        expect(rows.map(({ state }) => state)).toEqual(['completed', 'completed']);
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    expect(effectsOf(new Set([runId])).map(([key, bodies]) => [key, new Set(bodies).size])).toEqual([[`${runId}/main/0`, 1]]);
    expect([api?.pid, worker?.pid]).toEqual(pids); // neither of them fell with it
    await eventually(async () => expect((await product.supabase.from('task_runs').select('id').limit(1)).error).toBeNull(), {
      timeoutMs: 20_000,
    });
  }, 120_000);
});
