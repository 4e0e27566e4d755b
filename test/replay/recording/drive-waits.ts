import type { Drive } from './drive.ts';

const paid = (more: Readonly<Record<string, unknown>> = {}) => ({
  id: 'paid',
  action: 'wait-for-event',
  with: { event: 'order.paid', match: { order: '{{ run.id }}' }, ...more },
});
const ship = { id: 'ship', action: 'ship', needs: ['paid'] };

export const slept: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'slept', steps: [{ id: 'nap', action: 'sleep', with: { duration: '50 ms' } }] });
  return engine.ended(runId, 'completed');
};

export const eventCame: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'event-came', steps: [paid(), ship] });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.emit_event', { name: 'order.paid', data: { order: runId } });
  return engine.ended(runId, 'completed');
};

export const eventInTime: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'event-in-time', steps: [paid({ timeout: '1 hour' })] });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.emit_event', { name: 'order.paid', data: { order: runId } });
  return engine.ended(runId, 'completed');
};

export const eventLate: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'event-late', steps: [paid({ timeout: '50 ms' }), ship] });
  return engine.ended(runId, 'failed');
};

export const eventMissed: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'event-missed', steps: [paid({ timeout: '50 ms', onTimeout: {} }), ship] });
  return engine.ended(runId, 'completed');
};

const external = { id: 'make', action: 'external' };

export const externalCompleted: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'external-completed', steps: [external] });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.complete_step', { run: runId, step: 'make' });
  return engine.ended(runId, 'completed');
};

export const externalFailed: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'external-failed', steps: [external] });
  await engine.inState(runId, 'waiting');
  await engine.call('durabase.fail_step', { run: runId, step: 'make', message: 'broken' });
  return engine.ended(runId, 'failed');
};

/** A task that runs another one. */
const parent = (slug: string, child: string, more: Readonly<Record<string, unknown>> = {}) => ({
  slug,
  steps: [
    { id: 'child', action: 'run-task', with: { task: child, ...more } },
    { id: 'after', action: 'ship', needs: ['child'] },
  ],
});

export const childWaitedFor: Drive = async (engine) => {
  await engine.saveTask({ slug: 'good-child', steps: [{ id: 'work', action: 'pick' }] });
  return engine.ended(await engine.startRun(parent('child-waited-for', 'good-child')), 'completed');
};

export const childFailed: Drive = async (engine) => {
  await engine.saveTask({ slug: 'bad-child', steps: [{ id: 'work', action: 'pick', with: { failures: 9 } }] });
  return engine.ended(await engine.startRun(parent('child-failed', 'bad-child')), 'failed');
};

export const childLeftAlone: Drive = async (engine) => {
  await engine.saveTask({ slug: 'lonely-child', steps: [{ id: 'work', action: 'pick' }] });
  return engine.ended(await engine.startRun(parent('child-left-alone', 'lonely-child', { wait: false })), 'completed');
};

/** Waits until the workflow has seen each of the wishes, which would reach it together otherwise. */
export const paused: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'paused', steps: [paid(), ship] });
  const run = await engine.inState(runId, 'waiting');
  await engine.call('durabase.pause_run', { run: runId });
  await engine.historySays(run, 'local readControl', 1);
  await engine.call('durabase.emit_event', { name: 'order.paid', data: { order: runId } });
  await engine.historySays(run, 'local readControl', 2);
  await engine.call('durabase.resume_run', { run: runId });
  return engine.ended(runId, 'completed');
};
