import { describe, expect, it } from '@jest/globals';
import { type ErrorCode, ERRORS, isErrorCode, isPlatformError, PlatformError } from '@durabase/contracts';

const entries = Object.entries(ERRORS) as readonly [ErrorCode, { status: number; retryable: boolean; title: string }][];

describe('ERRORS', () => {
  it.each(entries)('%s has a code, a status and a title that fit each other', (code, { status, title }) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].{5,78}[^.!]$/);
  });

  it('has no title twice', () => {
    expect(new Set(entries.map(([, { title }]) => title)).size).toBe(entries.length);
  });

  it('lets no request be repeated that is wrong in itself', () => {
    const wrong = entries.filter(
      ([, { status, retryable }]) => retryable && [400, 401, 403, 404, 405, 413, 415, 422].includes(status),
    );
    expect(wrong).toEqual([]);
  });

  it('lets every refusal for want of a server be repeated', () => {
    expect(entries.filter(([, { status, retryable }]) => status === 503 && !retryable)).toEqual([]);
  });

  it('keeps the codes that are part of the wire format', () => {
    const known: readonly ErrorCode[] = ['INVALID_TASK', 'RUN_NOT_FOUND', 'IDEMPOTENCY_CONFLICT', 'EFFECT_DOUBTFUL', 'RUN_LOST'];
    expect(known.filter((code) => !isErrorCode(code))).toEqual([]);
  });
});

describe('isErrorCode', () => {
  it.each(['', 'toString', '__proto__', 'constructor', 'invalid_task', undefined, null, 1, ['INTERNAL']])(
    'is false of %j',
    (text) => {
      expect(isErrorCode(text)).toBe(false);
    },
  );
});

describe('PlatformError', () => {
  it('says the title of its code unless it has a message, and keeps the cause', () => {
    const cause = new Error('deep');
    expect(new PlatformError('RUN_NOT_FOUND').message).toBe('No such run');
    expect(new PlatformError('RUN_NOT_FOUND', { message: 'no run 7', cause })).toMatchObject({ message: 'no run 7', cause });
    expect('cause' in new PlatformError('RUN_NOT_FOUND')).toBe(false);
  });

  it.each(entries)('%s can be retried as the table says, unless the case says otherwise', (code, { retryable }) => {
    expect(new PlatformError(code).retryable).toBe(retryable);
    expect(new PlatformError(code, { retryable: !retryable }).retryable).toBe(!retryable);
  });

  it('is recognised over copies of the package, and nothing else is', () => {
    const copy = Object.assign(new Error('x'), { name: 'PlatformError', code: 'INTERNAL' });
    expect([new PlatformError('INTERNAL'), copy].map(isPlatformError)).toEqual([true, true]);
    const others = [
      new Error('x'),
      Object.assign(new Error('x'), { name: 'PlatformError', code: 'toString' }),
      { name: 'PlatformError', code: 'INTERNAL' },
      null,
      'x',
    ];
    expect(others.map(isPlatformError)).toEqual(others.map(() => false));
  });
});
