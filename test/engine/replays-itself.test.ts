import { describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../src/platform/temporal/bundle-workflows.ts';
import { useEngine } from '../support/use-engine.ts';

const RUNS = 40;

describe('a history just made', () => {
  const engine = useEngine();

  it('replays by the same code, also where several waits and loops began at once', async () => {
    // With room in the cache, nothing is replayed before.
    await engine.startWorker({ DURABASE_MAX_CACHED_WORKFLOWS: '200' });
    const nap = (id: string) => ({ id, action: 'sleep', with: { duration: '20 ms' } });
    const call = { action: 'http', with: { url: engine.target.url } };
    await engine.saveTask({
      slug: 'several',
      steps: [
        { id: 'each', ...call, forEach: 'input.items' },
        nap('short'),
        nap('other'),
        { ...nap('skipped'), when: 'input.no' },
        { id: 'after', ...call, needs: ['short'] },
      ],
    });
    const input = { items: [1, 2, 3], no: false };
    const runIds = await Promise.all(Array.from({ length: RUNS }, () => engine.startRun('several', input)));
    const histories = [];
    for (const runId of runIds) {
      expect(await engine.finished(runId, 60_000)).toMatchObject({ state: 'completed' });
      const workflowId = `run-${runId}`;
      histories.push({ workflowId, history: await engine.temporal.workflow.getHandle(workflowId).fetchHistory() });
    }
    const workflowBundle = await bundleWorkflows({ isEncoded: false });
    const broken: string[] = [];
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories))
      if (error !== undefined) broken.push(/Nondeterminism error: [^"]*/.exec(error.message)?.[0] ?? error.message);
    expect(broken).toEqual([]);
  }, 120_000);
});
