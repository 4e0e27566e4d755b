import { describe, expect, it } from '@jest/globals';
import { readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';

/** 10,000 in the campaign. */
const ITEMS = Number(process.env['DURABASE_TEST_LOOP_ITEMS'] ?? 1_200);
const LIMIT_MS = 60_000 + ITEMS * 40;

describe(`a loop over ${ITEMS} items whose worker is killed`, () => {
  const engine = useEngine();
  const doneItems = (runId: string): Promise<number> =>
    readValue(
      engine.db.owner,
      "select count(*)::int from durabase.run_steps where run_id = $1 and iteration >= 0 and state = 'completed'",
      [runId],
    );

  it(
    'takes each item once, in histories that stay short',
    async () => {
      const first = await engine.spawnWorker();
      await engine.saveTask({
        slug: 'many',
        steps: [
          {
            id: 'each',
            action: 'http',
            forEach: 'input.items',
            maxParallel: 50,
            with: { url: `${engine.target.url}/effects`, method: 'POST', json: '{{ item }}' },
          },
        ],
        output: '{{ size(steps.each.output) }}',
      });
      const runId = await engine.startRun('many', { items: Array.from({ length: ITEMS }, (_, n) => n) });
      await eventually(async () => expect(await doneItems(runId)).toBeGreaterThan(ITEMS / 4), { timeoutMs: LIMIT_MS });
      await first.kill('SIGKILL');
      expect(await doneItems(runId)).toBeLessThan(ITEMS);
      await engine.spawnWorker();

      const run = await engine.finished(runId, LIMIT_MS);
      expect(run).toMatchObject({ state: 'completed', output: ITEMS });
      expect(await doneItems(runId)).toBe(ITEMS);
      // What the other side did: one effect for each item, whatever was sent again went under the same key.
      expect(engine.target.effects.size).toBe(ITEMS);
      expect([...engine.target.effects.keys()].every((key) => key.startsWith(`${runId}/each/`))).toBe(true);
      const bodies = new Set(engine.target.requests.map(({ body }) => body));
      expect(bodies.size).toBe(ITEMS);
      const lengths: number[] = [];
      for await (const { historyLength } of engine.temporal.workflow.list({ query: `WorkflowId = 'run-${runId}'` }))
        lengths.push(historyLength);
      expect(Math.max(...lengths)).toBeLessThan(5_000);
      expect(run.epoch).toBe(lengths.length);
      expect(await engine.audit(runId)).toEqual(['run.started by user']);
    },
    2 * LIMIT_MS,
  );
});
