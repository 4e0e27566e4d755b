import { describe, expect, it } from '@jest/globals';
import { readValue } from '../support/call.ts';
import { useEngine } from '../support/use-engine.ts';

describe('plans', () => {
  const engine = useEngine();
  const steps = async (runId: string) =>
    (
      await engine.db.owner.query<{ step_id: string; iteration: number; state: string; output: unknown }>(
        'select step_id, iteration, state, output from durabase.run_steps where run_id = $1 order by step_id, iteration',
        [runId],
      )
    ).rows;
  const states = async (runId: string) =>
    Object.fromEntries(
      (await steps(runId)).map(({ step_id: id, iteration, state }) => [iteration === 0 ? id : `${id}/${iteration}`, state]),
    );

  it('skips a step whose condition is false, and what needs nothing else', async () => {
    await engine.startWorker({ DURABASE_LOG_LEVEL: 'warn' });
    const call = { action: 'http', with: { url: engine.target.url } };
    await engine.saveTask({
      slug: 'branches',
      steps: [
        { id: 'left', ...call, when: 'input.left' },
        { id: 'right', ...call, when: 'input.right' },
        { id: 'afterLeft', ...call, needs: ['left'] },
        { id: 'join', ...call, needs: ['afterLeft', 'right'] },
        { id: 'pause', action: 'sleep', with: { duration: '1 ms' }, when: 'input.left', needs: ['join'] },
      ],
    });
    const run = await engine.finished(await engine.startRun('branches', { left: false, right: true }));
    expect(run.state).toBe('completed');
    expect(await states(run.id)).toEqual({
      left: 'skipped',
      right: 'completed',
      afterLeft: 'skipped',
      join: 'completed',
      pause: 'skipped',
    });
    const bad = await engine.finished(await engine.startRun('branches', { left: 'maybe', right: true }));
    expect(bad.error).toMatchObject({
      code: 'TEMPLATE_UNRESOLVED',
      message: expect.stringContaining('neither true nor false') as unknown,
    });
  });

  it('takes a step once for each item, in windows, and gives the list of outputs', async () => {
    await engine.saveTask({
      slug: 'loop',
      steps: [
        {
          id: 'each',
          action: 'http',
          forEach: 'input.items',
          maxParallel: 3,
          with: { url: engine.target.url, method: 'POST', json: { item: '{{ item.n }}', index: '{{ index }}' } },
        },
        { id: 'after', action: 'sleep', needs: ['each'], with: { duration: '1 ms' } },
      ],
      output: { all: '{{ steps.each.output }}' },
    });
    const items = Array.from({ length: 10 }, (_, n) => ({ n: n * n }));
    const run = await engine.finished(await engine.startRun('loop', { items }));
    expect(run.state).toBe('completed');
    const all = (run.output as { all: { body: { body?: unknown } }[] }).all;
    expect(all).toHaveLength(10);
    expect((await states(run.id))['each/-1']).toBe('completed');
    const nothing = await engine.finished(await engine.startRun('loop', { items: [] }));
    expect(nothing).toMatchObject({ state: 'completed', output: { all: [] } });
    const noList = await engine.finished(await engine.startRun('loop', { items: { a: 1 } }));
    expect(noList.error).toMatchObject({
      code: 'STEP_INPUT_INVALID',
      message: expect.stringContaining('an object, not a list') as unknown,
    });
  });

  it('goes on in a new history before one grows too long', async () => {
    await engine.saveTask({
      slug: 'long',
      steps: [
        {
          id: 'each',
          action: 'http',
          forEach: 'input.items',
          maxParallel: 50,
          with: { url: engine.target.url, method: 'POST', json: '{{ item }}' },
        },
        { id: 'nap', action: 'sleep', with: { duration: '1 second' } },
        { id: 'after', action: 'http', needs: ['each', 'nap'], with: { url: engine.target.url } },
      ],
      output: '{{ steps.each.output }}',
    });
    const runId = await engine.startRun('long', { items: Array.from({ length: 1_500 }, (_, n) => n) });
    const run = await engine.finished(runId, 100_000);
    expect(run).toMatchObject({ state: 'completed' });
    expect(run.epoch).toBeGreaterThan(1);
    const counts = await engine.db.owner.query(
      `select state, count(*)::int from durabase.run_steps where run_id = $1 and step_id = 'each' and iteration >= 0 group by state`,
      [runId],
    );
    expect(counts.rows).toEqual([{ state: 'completed', count: 1_500 }]);
    expect(await engine.audit(runId)).toEqual(['run.started by user']);
    expect(
      await readValue(engine.db.owner, "select count(*)::int from durabase.run_events where run_id = $1 and kind = 'run.reset'", [
        runId,
      ]),
    ).toBe(0);
    for await (const execution of engine.temporal.workflow.list({ query: `WorkflowId = 'run-${runId}'` }))
      expect(execution.historyLength).toBeLessThan(5_000);
  }, 120_000);
});
