import { beforeAll, describe, expect, it } from '@jest/globals';
import { readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';

/** 500 in the campaign. */
const FORKS = Number(process.env['DURABASE_TEST_FORKS'] ?? 60);

interface NewRun {
  readonly id: string;
}

describe('runs made from other runs', () => {
  const engine = useEngine();
  const countOf = (path: string): number => engine.target.requests.filter((request) => request.path === path).length;
  let failed: string;

  beforeAll(async () => {
    await engine.startWorker();
    const step = (n: number, needs: readonly string[] = []) => ({
      id: `s${n}`,
      action: 'http',
      needs,
      retry: { maxAttempts: 1 },
      with: {
        url: `${engine.target.url}/s${n}`,
        method: 'POST',
        json: { before: n === 1 ? 'nothing' : `{{ steps.s${n === 5 ? 3 : n - 1}.output.status }}` },
      },
    });
    await engine.saveTask({
      slug: 'five',
      steps: [
        step(1),
        step(2, ['s1']),
        step(3, ['s2']),
        { id: 's4', action: 'http', needs: ['s3'], retry: { maxAttempts: 1 }, with: { url: '{{ input.url4 }}' } },
        step(5, ['s3', 's4']),
      ],
      output: '{{ steps.s5.output.status }}',
    });
    failed = await engine.startRun('five', { url4: 'http://127.0.0.1:1/' });
    expect((await engine.finished(failed)).state).toBe('failed');
  });

  it('forks from the failed step on: nothing before it is done again', async () => {
    const before = [1, 2, 3, 5].map((n) => countOf(`/s${n}`));
    await engine.saveTask({ slug: 'unused', action: 'http', with: { url: engine.target.url } });
    const fork = await engine.call<NewRun>('durabase.fork_run', { run: failed, from_step: 's4' });
    const ended = await engine.finished(fork.id);
    expect(ended).toMatchObject({ state: 'failed' }); // the same version and input fail again
    expect([1, 2, 3, 5].map((n) => countOf(`/s${n}`))).toEqual(before);
    const rows = await engine.db.owner.query<{ step_id: string; state: string; epoch: number }>(
      'select step_id, state, epoch from durabase.run_steps where run_id = $1 order by step_id',
      [fork.id],
    );
    expect(rows.rows).toEqual([
      { step_id: 's1', state: 'completed', epoch: 0 },
      { step_id: 's2', state: 'completed', epoch: 0 },
      { step_id: 's3', state: 'completed', epoch: 0 },
      { step_id: 's4', state: 'failed', epoch: 1 },
    ]);
  });

  it('forks on a mended version, with fresh effect keys for what is done again', async () => {
    const { definition } = await readValue<{ definition: { steps: { id: string; with: unknown }[] } }>(
      engine.db.owner,
      "select jsonb_build_object('definition', v.definition) from durabase.task_versions v join durabase.tasks t on t.id = v.task_id where t.slug = 'five'",
    );
    const mended = {
      ...definition,
      steps: definition.steps.map((step) =>
        step.id === 's4' ? { ...step, with: { url: `${engine.target.url}/s4`, method: 'POST' } } : step,
      ),
    };
    await engine.saveTask(mended);
    const before = [1, 2, 3].map((n) => countOf(`/s${n}`));
    const fork = await engine.call<NewRun>('durabase.fork_run', { run: failed, from_step: 's4', version: 'newest' });
    expect(await engine.finished(fork.id)).toMatchObject({ state: 'completed', output: 200 });
    expect([1, 2, 3].map((n) => countOf(`/s${n}`))).toEqual(before);
    const keys = engine.target.requests.filter(({ path }) => path === '/s4').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([`${fork.id}/s4/0`]);
  });

  it('retries a failed run from what failed, and runs one again with another input', async () => {
    const retried = await engine.call<NewRun>('durabase.retry_run', { run: failed });
    expect((await engine.finished(retried.id)).state).toBe('failed');
    const again = await engine.call<NewRun>('durabase.rerun', { run: failed, input: { url4: 'none' } });
    expect(await engine.finished(again.id)).toMatchObject({ state: 'completed' });
    const links = await engine.db.owner.query(
      'select run_id, kind, step_id from durabase.run_links where parent_run_id = $1 order by created_at',
      [failed],
    );
    expect(links.rows.map(({ kind }: { kind: string }) => kind)).toEqual(['fork', 'fork', 'retry', 'rerun']);
  });

  it.each([
    ['a step that is not there', { run: 'failed', from_step: 's9' }, 'no step'],
    ['a step whose predecessors did not end', { run: 'failed', from_step: 's5' }, 'did not come to its end'],
    ['no step', { run: 'failed', from_step: null }, 'is missing'],
    ['another version name', { run: 'failed', from_step: 's4', version: 'oldest' }, 'version is'],
  ])('refuses %s', async (_, args, message) => {
    await expect(engine.call('durabase.fork_run', { ...args, run: failed })).rejects.toThrow(message);
  });

  it('refuses to keep what was undone', async () => {
    await engine.saveTask({
      slug: 'saga',
      steps: [
        {
          id: 'book',
          action: 'http',
          with: { url: `${engine.target.url}/book`, method: 'POST' },
          onFailure: {
            action: 'http',
            with: { url: `${engine.target.url}/unbook`, method: 'POST', json: { status: '{{ steps.book.output.status }}' } },
          },
        },
        {
          id: 'pay',
          action: 'http',
          needs: ['book'],
          with: { url: `${engine.target.url}/pay`, method: 'POST' },
          onFailure: { action: 'http', with: { url: `${engine.target.url}/unpay`, method: 'POST' } },
        },
        { id: 'fail', action: 'http', needs: ['pay'], retry: { maxAttempts: 1 }, with: { url: 'http://127.0.0.1:1/' } },
      ],
    });
    const runId = await engine.startRun('saga');
    expect((await engine.finished(runId)).state).toBe('failed');
    const order = engine.target.requests.map(({ path }) => path).filter((path) => /book|pay/.test(path));
    expect(order).toEqual(['/book', '/pay', '/unpay', '/unbook']);
    await expect(engine.call('durabase.fork_run', { run: runId, from_step: 'fail' })).rejects.toThrow('was undone');
  });

  it(
    `forks ${FORKS} runs in bulk under the concurrency key of their task`,
    async () => {
      await engine.saveTask({
        slug: 'narrow',
        input: { type: 'object' },
        concurrency: { key: 'workspace.id', limit: 3 },
        steps: [
          { id: 'one', action: 'http', with: { url: `${engine.target.url}/narrow-one` } },
          { id: 'two', action: 'sleep', needs: ['one'], with: { duration: '20 ms' } },
        ],
      });
      const parents = await Promise.all(Array.from({ length: FORKS }, () => engine.startRun('narrow')));
      for (const parent of parents) await engine.finished(parent, FORKS * 1_000);
      let most = 0;
      let isWatching = true;
      const watching = (async () => {
        while (isWatching) {
          most = Math.max(
            most,
            await readValue<number>(
              engine.db.owner,
              `select count(*)::int from durabase.task_runs r join durabase.tasks t on t.id = r.task_id
               where t.slug = 'narrow' and r.state in ('running', 'waiting', 'retrying')`,
            ),
          );
        }
      })();
      const { for_runs: answer } = await engine.call<{ for_runs: { done: { newRunId: string }[]; refused: unknown[] } }>(
        'durabase.for_runs',
        { operation: 'fork', filter: { task: 'narrow' }, options: { fromStep: 'two' }, max_runs: FORKS },
      );
      expect(answer.refused).toEqual([]);
      expect(answer.done).toHaveLength(FORKS);
      for (const { newRunId } of answer.done) expect((await engine.finished(newRunId, FORKS * 1_000)).state).toBe('completed');
      isWatching = false;
      await watching;
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(3);
      expect(countOf('/narrow-one')).toBe(FORKS);
      await eventually(async () =>
        expect(await readValue(engine.db.owner, 'select count(*)::int from durabase_private.permits')).toBe(0),
      );
    },
    FORKS * 2_500,
  );

  it('does it in bulk, each run by itself', async () => {
    const { for_runs: answer } = await engine.call<{ for_runs: { done: { newRunId: string }[]; refused: { code: string }[] } }>(
      'durabase.for_runs',
      {
        operation: 'retry',
        filter: { task: 'five' },
      },
    );
    expect(answer.done.length).toBeGreaterThanOrEqual(3);
    expect(answer.refused.map(({ code }) => code)).toContain('RUN_FINISHED');
    for (const { newRunId } of answer.done) await engine.finished(newRunId);
  });
});
