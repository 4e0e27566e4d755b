import { describe, expect, it } from '@jest/globals';
import { markChanges } from '../../../packages/dashboard/src/features/run/mark-changes.ts';
import { anEvent } from './builders.ts';

describe('markChanges', () => {
  it('names the events at which the run came into another state', () => {
    const states = ['queued', 'running', 'running', null, 'running', 'failed'] as const;
    const lines = markChanges(states.map((state, index) => anEvent({ seq: index + 1, state })));
    expect(lines.filter(({ isChange }) => isChange).map(({ event }) => event.seq)).toEqual([1, 2, 6]);
  });
});
