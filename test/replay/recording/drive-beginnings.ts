import { findRun } from '../../support/build-rows.ts';
import { eventually } from '../../support/eventually.ts';
import type { Drive } from './drive.ts';
import type { RecordingEngine } from './start-engine.ts';
import type { Execution } from './watch-runs.ts';

const work = { id: 'work', action: 'pick' };

export const operatorStarted: Drive = async (engine) => {
  await engine.saveTask({ slug: 'operator-started', steps: [work] });
  return engine.ended(await engine.startByHand('operator-started', 'operator-started'), 'completed');
};

/** A run that an operator has started while another one has its only permit; returns both. */
async function startWithoutPermit(
  engine: RecordingEngine,
  slug: string,
): Promise<{ readonly holder: string; readonly held: string }> {
  const task = { slug, concurrency: { key: 'workspace.id', limit: 1 } };
  const holder = await engine.startRun({ ...task, steps: [{ id: 'gate', action: 'external' }] });
  await engine.inState(holder, 'waiting');
  await engine.saveTask({ ...task, steps: [work] });
  const held = await engine.startByHand(slug, slug);
  await eventually(async () => {
    const { reason } = await findRun(engine.owner, held);
    if (reason?.code !== 'LIMIT_REACHED') throw new Error(`the second run is not held: ${JSON.stringify(reason)}`);
  });
  return { holder, held };
}

export const admitted: Drive = async (engine) => {
  const { holder, held } = await startWithoutPermit(engine, 'admitted');
  await engine.call('durabase.complete_step', { run: holder, step: 'gate' });
  return engine.ended(held, 'completed');
};

export const cancelledWhileNotAdmitted: Drive = async (engine) => {
  const { holder, held } = await startWithoutPermit(engine, 'cancelled-while-not-admitted');
  await engine.owner.query('select durabase.cancel_run($1)', [held]);
  const run = await engine.ended(held, 'cancelled');
  await engine.call('durabase.complete_step', { run: holder, step: 'gate' });
  return run;
};

export const refused: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'refused', steps: [work] });
  await engine.ended(runId, 'completed');
  const copy = await engine.temporal.workflow.start('runTask', {
    workflowId: 'refused',
    taskQueue: engine.taskQueue,
    args: [{ runId }],
  });
  await copy.result();
  return { workflow_id: copy.workflowId };
};

/** Resets a run that sleeps, and ends it when it sleeps again. */
async function resetAndCancel(engine: RecordingEngine, slug: string, to: 'first' | 'last'): Promise<Execution> {
  const runId = await engine.startRun({
    slug,
    steps: [work, { id: 'nap', action: 'sleep', needs: ['work'], with: { duration: '1 hour' } }],
  });
  const run = await engine.inState(runId, 'waiting');
  await engine.historySays(run, 'timer nap');
  const { events } = await engine.temporal.workflow.getHandle(run.workflow_id).fetchHistory();
  const completed = events?.filter(({ workflowTaskCompletedEventAttributes: attributes }) => attributes != null) ?? [];
  const eventId = completed.at(to === 'first' ? 0 : -1)?.eventId;
  await engine.temporal.workflowService.resetWorkflowExecution({
    namespace: engine.temporal.options.namespace,
    workflowExecution: { workflowId: run.workflow_id },
    reason: 'to be recorded',
    requestId: runId,
    ...(eventId == null ? {} : { workflowTaskFinishEventId: eventId }),
  });
  await engine.historySays({ workflow_id: run.workflow_id }, 'reset');
  await engine.historySays({ workflow_id: run.workflow_id }, 'timer nap');
  await engine.inEpoch(runId, 2);
  await engine.call('durabase.cancel_run', { run: runId });
  return engine.ended(runId, 'cancelled');
}

export const resetToTheBeginning: Drive = (engine) => resetAndCancel(engine, 'reset-to-the-beginning', 'first');
export const resetLater: Drive = (engine) => resetAndCancel(engine, 'reset-later', 'last');

export const signalledByHand: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'signalled-by-hand', steps: [{ id: 'gate', action: 'external' }] });
  const { workflow_id: workflowId } = await engine.inState(runId, 'waiting');
  for (const name of ['approve', 'admitted', 'wake']) await engine.temporal.workflow.getHandle(workflowId).signal(name);
  await engine.call('durabase.complete_step', { run: runId, step: 'gate' });
  return engine.ended(runId, 'completed');
};
