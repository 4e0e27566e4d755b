import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { useEngine } from '../support/use-engine.ts';

/** The whole campaign has 500 runs; the slice for every change has 60. */
const RUNS = Number(process.env['DURABASE_TEST_PERMIT_RUNS'] ?? 60);

const engine = useEngine();
const url = (path: string): string => `${engine.target.url}${path}`;

const countOpen = async (): Promise<number> =>
  Number(
    (await engine.db.owner.query<{ n: string }>('select count(*) as n from durabase.task_runs where finished_at is null')).rows[0]
      ?.n,
  );

describe('permits', () => {
  it(`never let two of ${RUNS} sync runs overlap, through kills and terminations, and none leaks`, async () => {
    // The target sees a run from its request to its answer; an aborted request is no longer an effect under way.
    const present = new Set<string>();
    let most = 0;
    engine.target.on('/alone', async (request, response) => {
      const key = request.headers['idempotency-key'] ?? '';
      const runId = key.split('/')[0] ?? '';
      present.add(runId);
      most = Math.max(most, present.size);
      response.on('close', () => present.delete(runId));
      await new Promise((resolve) => setTimeout(resolve, 5));
      respondJson(response, {});
    });
    let workers = [await engine.spawnWorker(), await engine.spawnWorker()];
    await engine.saveTask({ slug: 'alone', mode: 'sync', action: 'http', with: { url: url('/alone'), method: 'POST' } });
    const runIds = await Promise.all(Array.from({ length: RUNS }, () => engine.startRun('alone')));

    let disturbances = 0;
    for (let left = await countOpen(); left > 0; left = await countOpen()) {
      if (disturbances < RUNS / 10 && left < RUNS - disturbances * 8) {
        disturbances += 1;
        if (disturbances % 2 === 0) {
          const victim = workers.shift();
          await victim?.kill('SIGKILL');
          workers = [...workers, await engine.spawnWorker()];
        } else {
          const { rows } = await engine.db.owner.query<{ workflow_id: string }>(
            "select workflow_id from durabase.task_runs where state = 'running' limit 1",
          );
          const [running] = rows;
          if (running !== undefined)
            await engine.temporal.workflow
              .getHandle(running.workflow_id)
              .terminate('campaign')
              .catch(() => undefined); // it has just ended
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(most).toBe(1);
    expect(disturbances).toBeGreaterThan(2);
    await eventually(async () => {
      const { rows } = await engine.db.owner.query(
        'select (select count(*)::int from durabase_private.permits) as permits, (select count(*)::int from durabase_private.run_queue) as queued',
      );
      expect(rows).toEqual([{ permits: 0, queued: 0 }]);
    });
    const { rows } = await engine.db.owner.query(
      'select state, count(*)::int as n from durabase.task_runs where id = any ($1) group by 1',
      [runIds],
    );
    expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(RUNS);
    expect(rows.map(({ state }) => state).every((state) => state === 'completed' || state === 'cancelled')).toBe(true);
    for (const worker of workers) await worker.kill('SIGKILL');
  }, 540_000);

  it('lets as many runs with the same key at a time as the task says, and says why the others wait', async () => {
    await engine.startWorker();
    const present = new Map<string, number>();
    let most = 0;
    engine.target.on('/keyed', async (request, response) => {
      const key = request.query.get('k') ?? '';
      present.set(key, (present.get(key) ?? 0) + 1);
      most = Math.max(most, present.get(key) ?? 0);
      // The first one stays until a second one has come, however slow the machine is; a third would show in `most`.
      await eventually(() => expect(most).toBeGreaterThanOrEqual(2), { timeoutMs: 20_000 });
      await new Promise((resolve) => setTimeout(resolve, 150));
      present.set(key, (present.get(key) ?? 1) - 1);
      respondJson(response, {});
    });
    await engine.saveTask({
      slug: 'keyed',
      action: 'http',
      with: { url: `${url('/keyed')}?k={{ input.k }}` },
      concurrency: { key: 'input.k', limit: 2 },
    });
    const runIds = await Promise.all(Array.from({ length: 12 }, (_, index) => engine.startRun('keyed', { k: `k${index % 2}` })));
    await eventually(async () => {
      const { rows } = await engine.db.owner.query(
        "select reason from durabase.task_runs where reason ->> 'code' = 'LIMIT_REACHED'",
      );
      expect(rows[0]).toMatchObject({ reason: { message: expect.stringContaining('input.k = "k') } });
    });
    for (const runId of runIds) expect((await engine.finished(runId, 40_000)).state).toBe('completed');
    expect(most).toBe(2);
  }, 60_000);

  it('fails a run whose key cannot be read, before it starts', async () => {
    const run = await engine.finished(await engine.startRun('keyed', { other: 1 }));
    expect(run).toMatchObject({ state: 'failed', error: { code: 'TEMPLATE_UNRESOLVED' } });
  });
});
