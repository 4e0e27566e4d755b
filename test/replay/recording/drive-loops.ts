import { readValue } from '../../support/call.ts';
import type { Drive } from './drive.ts';
import type { RecordingEngine } from './start-engine.ts';

/** Few more than what fits into one history. */
const LONG_LOOP_ITEMS = 980;

export const loop: Drive = async (engine) => {
  const runId = await engine.startRun(
    {
      slug: 'loop',
      steps: [
        { id: 'each', action: 'pick', forEach: 'input.items', maxParallel: 2 },
        { id: 'after', action: 'pack', needs: ['each'] },
      ],
    },
    { items: [1, 2, 3] },
  );
  return engine.ended(runId, 'completed');
};

export const loopFailed: Drive = async (engine) => {
  const runId = await engine.startRun(
    {
      slug: 'loop-failed',
      steps: [
        {
          id: 'each',
          action: 'pick',
          forEach: 'input.items',
          with: { hangs: '{{ item.hangs }}', failures: '{{ item.failures }}' },
        },
      ],
    },
    {
      items: [
        { hangs: true, failures: 0 },
        { hangs: false, failures: 9 },
      ],
    },
  );
  return engine.ended(runId, 'failed');
};

export const loopOfWaits: Drive = async (engine) => {
  const runId = await engine.startRun(
    {
      slug: 'loop-of-waits',
      steps: [{ id: 'each', action: 'sleep', forEach: 'input.items', maxParallel: 1, with: { duration: '50 ms' } }],
    },
    { items: [1, 2] },
  );
  return engine.ended(runId, 'completed');
};

async function runLongLoop(engine: RecordingEngine) {
  const runId = await engine.startRun(
    {
      slug: 'long-loop',
      steps: [
        { id: 'each', action: 'pick', forEach: 'input.items', maxParallel: 50 },
        { id: 'nap', action: 'sleep', with: { duration: '1 second' } },
        { id: 'open', action: 'external' },
        { id: 'last', action: 'ship', needs: ['each', 'nap', 'open'] },
      ],
    },
    { items: Array.from({ length: LONG_LOOP_ITEMS }, () => 0) },
  );
  await engine.inEpoch(runId, 2);
  await engine.call('durabase.complete_step', { run: runId, step: 'open' });
  const run = await engine.ended(runId, 'completed');
  const executions = await readValue<string[]>(
    engine.owner,
    'select array_agg(temporal_run_id order by epoch) from durabase_private.executions where run_id = $1',
    [runId],
  );
  return { workflowId: run.workflow_id, executions };
}

/** One run has both shapes. */
const longLoops = new WeakMap<RecordingEngine, ReturnType<typeof runLongLoop>>();

const longLoopExecution =
  (index: number): Drive =>
  async (engine) => {
    const running = longLoops.get(engine) ?? runLongLoop(engine);
    longLoops.set(engine, running);
    const { workflowId, executions } = await running;
    return { workflow_id: workflowId, temporal_run_id: executions[index] };
  };

export const longLoop = longLoopExecution(0);
export const longLoopGoesOn = longLoopExecution(1);
