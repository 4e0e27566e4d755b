import { describe, expect, it } from '@jest/globals';
import { isSameConnection, worstConnection } from '../../../../packages/client/src/follower/connection.ts';

describe('several connections', () => {
  it('stand as their worst one', () => {
    const live = { state: 'live' } as const;
    const polling = { state: 'polling', reason: 'no socket' } as const;
    expect(worstConnection([live, polling, { state: 'catching up' }])).toEqual(polling);
    expect(worstConnection([live, { state: 'reconnecting' }, polling]).state).toBe('reconnecting');
    expect(worstConnection([live, live])).toEqual(live);
    expect(worstConnection([])).toEqual({ state: 'catching up' });
  });
  it('are the same when they say the same', () => {
    const at = (ms: number) => ({ state: 'polling', reason: 'no socket', nextTryAt: new Date(ms) }) as const;
    expect(isSameConnection(at(1), at(1))).toBe(true);
    expect(isSameConnection(at(1), at(2))).toBe(false);
    expect(isSameConnection(at(1), { state: 'polling', reason: 'no socket' })).toBe(false);
    expect(isSameConnection({ state: 'live' }, { state: 'polling' })).toBe(false);
  });
});
