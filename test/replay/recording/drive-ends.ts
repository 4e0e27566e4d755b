import { findRun } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { describeHistory } from '../support/describe-event.ts';
import type { Drive } from './drive.ts';

const hanging = { id: 'work', action: 'pick', with: { hangs: true } };
const nap = { id: 'nap', action: 'sleep', with: { duration: '1 hour' } };

export const cancelledInStep: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'cancelled-in-step', steps: [hanging] });
  await engine.stepInState(runId, 'work', 'running');
  await engine.call('durabase.cancel_run', { run: runId });
  return engine.ended(runId, 'cancelled');
};

export const cancelledInWait: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'cancelled-in-wait', steps: [nap] });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.cancel_run', { run: runId });
  return engine.ended(runId, 'cancelled');
};

export const cancelledAndUndone: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'cancelled-and-undone',
    steps: [
      { id: 'first', action: 'pick', onFailure: { action: 'unpick', with: {} } },
      { ...nap, needs: ['first'] },
    ],
  });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.cancel_run', { run: runId });
  return engine.ended(runId, 'cancelled');
};

/** Between admission and opening there are milliseconds: it is tried until the wish to cancel falls into them. */
export const cancelledBeforeOpen: Drive = async (engine) => {
  for (let tries = 0; tries < 50; tries += 1) {
    const runId = await engine.startRun({ slug: 'cancelled-before-open', steps: [hanging] });
    await eventually(
      async () => {
        const queued = await readValue<boolean | undefined>(
          engine.owner,
          'select admitted_at is null from durabase_private.run_queue where run_id = $1',
          [runId],
        );
        if (queued === true) throw new Error('not admitted yet');
      },
      { everyMs: 1 },
    );
    await engine.call('durabase.cancel_run', { run: runId });
    const run = await engine.ended(runId, 'cancelled');
    if (!describeHistory(await engine.readHistory(run)).includes('pick')) return run;
  }
  throw new Error('no wish to cancel fell between admission and opening');
};

export const deadline: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'deadline', deadline: '300 ms', steps: [nap] });
  return engine.ended(runId, 'timed_out');
};

export const runTimeout: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'run-timeout', timeout: '300 ms', steps: [hanging] });
  return engine.ended(runId, 'timed_out');
};

/** Nobody can open a run while this table is locked. */
export const booksKeptLate: Drive = async (engine) => {
  const client = await engine.owner.connect();
  try {
    await client.query('begin; lock table durabase_private.executions in access exclusive mode');
    const runId = await engine.startRun({ slug: 'books-kept-late', steps: [{ id: 'work', action: 'pick' }] });
    const { workflow_id: workflowId } = await findRun(engine.owner, runId);
    await eventually(
      async () => {
        const { raw } = await engine.temporal.workflow.getHandle(workflowId).describe();
        if (raw.pendingActivities?.[0]?.activityType?.name !== 'openRun') throw new Error('local activities still hope');
      },
      { timeoutMs: 30_000 },
    );
    await client.query('commit');
    return await engine.ended(runId, 'completed');
  } finally {
    client.release(true);
  }
};
