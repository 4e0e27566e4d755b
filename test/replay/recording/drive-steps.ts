import type { Drive } from './drive.ts';

const fails = { failures: 9 };

export const oneStep: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'one-step', action: 'pick', with: {} });
  return engine.ended(runId, 'completed');
};

export const chain: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'chain',
    steps: [
      { id: 'first', action: 'pick' },
      { id: 'second', action: 'pack', needs: ['first'] },
      { id: 'third', action: 'ship', needs: ['second'] },
    ],
  });
  return engine.ended(runId, 'completed');
};

export const parallel: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'parallel',
    steps: [
      { id: 'left', action: 'pick' },
      { id: 'right', action: 'pack' },
      { id: 'join', action: 'ship', needs: ['left', 'right'] },
    ],
  });
  return engine.ended(runId, 'completed');
};

export const skipped: Drive = async (engine) => {
  const runId = await engine.startRun(
    {
      slug: 'skipped',
      steps: [
        { id: 'not', action: 'pick', when: 'input.wanted' },
        { id: 'cutOff', action: 'pack', needs: ['not'] },
        { id: 'wait', action: 'sleep', with: { duration: '1 hour' }, when: 'input.wanted' },
        { id: 'each', action: 'pack', forEach: 'input.items', needs: ['not', 'wait'] },
        { id: 'join', action: 'pick', needs: ['cutOff', 'each', 'first'] },
        { id: 'first', action: 'ship' },
      ],
    },
    { wanted: false, items: [1] },
  );
  return engine.ended(runId, 'completed');
};

export const retried: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'retried',
    steps: [{ id: 'try', action: 'pick', with: { failures: 2 }, retry: { maxAttempts: 3, initialInterval: '20 ms' } }],
  });
  return engine.ended(runId, 'completed');
};

export const failed: Drive = async (engine) => {
  const runId = await engine.startRun({ slug: 'failed', steps: [{ id: 'try', action: 'pick', with: fails }] });
  return engine.ended(runId, 'failed');
};

export const failedBesideAnother: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'failed-beside-another',
    steps: [
      { id: 'long', action: 'pick', with: { hangs: true } },
      { id: 'gate', action: 'external' },
      { id: 'try', action: 'pack', needs: ['gate'], with: fails },
    ],
  });
  await engine.stepInState(runId, 'long', 'running');
  await engine.stepInState(runId, 'gate', 'waiting');
  await engine.call('durabase.complete_step', { run: runId, step: 'gate' });
  return engine.ended(runId, 'failed');
};

export const undone: Drive = async (engine) => {
  const runId = await engine.startRun({
    slug: 'undone',
    steps: [
      { id: 'first', action: 'pick', onFailure: { action: 'unpick', with: {} } },
      { id: 'second', action: 'pack', needs: ['first'], onFailure: { action: 'unpack', with: {} } },
      { id: 'third', action: 'ship', needs: ['second'], with: fails },
    ],
  });
  return engine.ended(runId, 'failed');
};

export const forked: Drive = async (engine) => {
  const steps = (failures: number) => [
    { id: 'first', action: 'pick' },
    { id: 'second', action: 'ship', needs: ['first'], with: { failures } },
  ];
  const runId = await engine.startRun({ slug: 'forked', steps: steps(9) });
  await engine.ended(runId, 'failed');
  await engine.saveTask({ slug: 'forked', steps: steps(0) });
  const fork = await engine.call<{ readonly id: string }>('durabase.fork_run', {
    run: runId,
    from_step: 'second',
    version: 'newest',
  });
  return engine.ended(fork.id, 'completed');
};
