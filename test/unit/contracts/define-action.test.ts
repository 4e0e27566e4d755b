import { describe, expect, it } from '@jest/globals';
import { ACTIONS, DEFAULT_RETRY, DEFAULT_TIMEOUTS, defineAction, isErrorCode } from '@durabase/contracts';
import { z } from 'zod';

const draft = { type: 'paint', summary: 'Paint a wall.', input: z.strictObject({}), output: z.strictObject({}) } as const;

describe('defineAction', () => {
  it('fills in every default', () => {
    const contract = defineAction(draft);
    expect(contract).toMatchObject({
      ...draft,
      kind: 'activity',
      secretFields: [],
      errors: [],
      retry: { maxAttempts: 3, initialIntervalMs: 1_000, backoffCoefficient: 2, maxIntervalMs: 60_000 },
      timeouts: DEFAULT_TIMEOUTS,
    });
    expect(contract.effectOf({})).toBe('idempotent');
  });

  it('takes single fields of a policy and leaves the others', () => {
    const contract = defineAction({ ...draft, retry: { maxAttempts: 1 }, timeouts: { startToCloseMs: 5 } });
    expect(contract.retry).toEqual({ ...DEFAULT_RETRY, maxAttempts: 1 });
    expect(contract.timeouts).toEqual({ ...DEFAULT_TIMEOUTS, startToCloseMs: 5 });
  });

  it('takes everything else as it is written', () => {
    const own = { kind: 'wait', secretFields: ['key'], errors: ['HTTP_STATUS'], effectOf: () => 'none' as const } as const;
    expect(defineAction({ ...draft, ...own })).toMatchObject(own);
  });

  it('bounds all attempts by no less than one, and notices a dead worker long before', () => {
    expect(DEFAULT_TIMEOUTS.scheduleToCloseMs).toBeGreaterThan(DEFAULT_TIMEOUTS.startToCloseMs);
    expect(DEFAULT_TIMEOUTS.heartbeatMs).toBeLessThan(DEFAULT_TIMEOUTS.startToCloseMs);
  });
});

describe('ACTIONS', () => {
  it.each(ACTIONS.map((action) => [action.type, action] as const))('%s is complete', (type, action) => {
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(action.summary).toMatch(/^[A-Z].*\.$/);
    expect(action.retry.maxAttempts).toBeGreaterThanOrEqual(1);
    expect(action.timeouts.scheduleToCloseMs).toBeGreaterThanOrEqual(action.timeouts.startToCloseMs);
    expect(action.errors.every(isErrorCode)).toBe(true);
    expect(['none', 'idempotent', 'doubtful']).toContain(action.effectOf({}));
  });

  it('have names of their own', () => {
    expect(new Set(ACTIONS.map(({ type }) => type)).size).toBe(ACTIONS.length);
  });
});
