import type { Run, RunEvent, RunStep } from '../../../packages/contracts/src/api/run.ts';

const AT = '2026-11-21T10:00:00.000Z';

/** A moment so many milliseconds after ten o'clock. */
export const at = (ms: number): string => new Date(Date.parse(AT) + ms).toISOString();

export const aRun = (fields: Partial<Run> = {}): Run =>
  ({ id: 'run', workspaceId: 'w', taskId: 't', state: 'running', version: 1, createdAt: AT, finishedAt: null, ...fields }) as Run;

export const aStep = (fields: Partial<RunStep> = {}): RunStep =>
  ({
    stepId: 'a',
    iteration: 0,
    name: 'A',
    action: 'http',
    state: 'running',
    attempt: 1,
    startedAt: AT,
    finishedAt: null,
    ...fields,
  }) as RunStep;

export const anEvent = (fields: Partial<RunEvent>): RunEvent =>
  ({
    seq: 1,
    at: AT,
    kind: 'step.started',
    state: 'running',
    stepId: 'a',
    iteration: 0,
    attempt: 1,
    data: null,
    ...fields,
  }) as RunEvent;
