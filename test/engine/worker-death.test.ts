import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { useEngine } from '../support/use-engine.ts';

const engine = useEngine();
const url = (path: string): string => `${engine.target.url}${path}`;
const requestsTo = (path: string): number => engine.target.requests.filter((request) => request.path === path).length;

/** Hangs on the first request and answers the later ones. */
const hangOnce = (path: string): void => {
  let count = 0;
  engine.target.on(path, (_, response) => {
    count += 1;
    if (count > 1) respondJson(response, { count });
  });
};

describe('a worker that dies in the middle of a step', () => {
  it('is replaced: the step runs again within seconds, with the same key', async () => {
    const first = await engine.spawnWorker();
    hangOnce('/once');
    await engine.saveTask({ slug: 'once', action: 'http', with: { url: url('/once'), method: 'POST' } });
    const runId = await engine.startRun('once');
    await eventually(() => expect(requestsTo('/once')).toBe(1));
    await first.kill('SIGKILL');
    const second = await engine.spawnWorker();
    const killedAt = performance.now();
    await eventually(() => expect(requestsTo('/once')).toBe(2), { timeoutMs: 20_000 });
    const recoveryMs = performance.now() - killedAt;
    expect((await engine.finished(runId)).state).toBe('completed');
    const keys = engine.target.requests.filter(({ path }) => path === '/once').map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys)).toEqual(new Set([`${runId}/main/0`]));
    const { rows } = await engine.db.owner.query('select attempt, failure_count from durabase.run_steps where run_id = $1', [
      runId,
    ]);
    expect(rows).toEqual([{ attempt: 2, failure_count: 0 }]); // the death did not use up an attempt of the policy
    expect(recoveryMs).toBeLessThan(15_000); // the budget is 5 s, on a machine of its own
    await second.kill('SIGKILL');
  }, 60_000);

  it('does not repeat silently what cannot be told to have happened', async () => {
    const first = await engine.spawnWorker();
    hangOnce('/doubtful');
    await engine.saveTask({
      slug: 'doubtful',
      action: 'http',
      with: { url: url('/doubtful'), method: 'POST', repeatable: false },
    });
    const runId = await engine.startRun('doubtful');
    await eventually(() => expect(requestsTo('/doubtful')).toBe(1));
    await first.kill('SIGKILL');
    const second = await engine.spawnWorker();
    const run = await engine.finished(runId, 60_000);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'EFFECT_DOUBTFUL' } });
    expect(requestsTo('/doubtful')).toBe(1);
    await second.kill('SIGKILL');
  }, 90_000);

  it('cannot write any more when it wakes up after another one took over', async () => {
    const first = await engine.spawnWorker();
    let count = 0;
    engine.target.on('/zombie', async (_, response) => {
      count += 1;
      if (count === 1) await eventually(() => expect(requestsTo('/release')).toBe(1), { timeoutMs: 30_000 });
      respondJson(response, { count });
    });
    await engine.saveTask({ slug: 'zombie', action: 'http', with: { url: url('/zombie'), method: 'POST' } });
    const runId = await engine.startRun('zombie');
    await eventually(() => expect(requestsTo('/zombie')).toBe(1));
    first.child.kill('SIGSTOP');
    const second = await engine.spawnWorker();
    const run = await engine.finished(runId, 40_000);
    await fetch(url('/release'));
    first.child.kill('SIGCONT');
    await second.kill('SIGTERM');
    await first.kill('SIGTERM');
    const after = await engine.finished(runId);
    expect(after.version).toBe(run.version);
    expect(after).toMatchObject({ state: 'completed', output: { body: { count: 2 } } });
  }, 90_000);

  it('hands over on SIGTERM without a failed attempt', async () => {
    const first = await engine.spawnWorker({ DURABASE_SHUTDOWN_GRACE_MS: '200' });
    hangOnce('/deploy');
    await engine.saveTask({
      slug: 'deploy',
      action: 'http',
      with: { url: url('/deploy'), method: 'POST' },
      retry: { maxAttempts: 1 },
    });
    const runId = await engine.startRun('deploy');
    await eventually(() => expect(requestsTo('/deploy')).toBe(1));
    await first.kill('SIGTERM');
    const second = await engine.spawnWorker();
    expect((await engine.finished(runId, 40_000)).state).toBe('completed');
    await second.kill('SIGKILL');
  }, 60_000);
});
