import { describe, expect, it } from '@jest/globals';
import { translateError, translateThrown } from '../../../../packages/client/src/supabase/translate-error.ts';

const codeOf = (code: string | undefined, status: number, more = {}): string =>
  translateError({ message: 'why', code, ...more }, status).code;

describe('errors of calls', () => {
  it('of our own functions keep code, message, hint and path', () => {
    const details = '{"code":"TASK_NOT_READY","path":"task"}';
    const error = translateError({ message: 'no ready version', code: 'PT409', details, hint: 'wait a second' }, 409);
    expect(error).toMatchObject({
      name: 'DurabaseError',
      code: 'TASK_NOT_READY',
      message: 'no ready version',
      hint: 'wait a second',
      path: 'task',
      retryable: false,
    });
    expect(error.cause).toMatchObject({ code: 'PT409' });
  });
  it('of a newer server keep a code that is not known here', () => {
    expect(codeOf('PT418', 418, { details: '{"code":"TEAPOT"}' })).toBe('TEAPOT');
  });
  it('of others are not mistaken for ours', () => {
    expect(codeOf('P0001', 400, { details: '{"code":"TASK_NOT_READY"}' })).toBe('INTERNAL');
    expect(codeOf('PT400', 400, { details: 'Failing row contains (…)' })).toBe('INTERNAL');
  });
  it.each([
    ['UNREACHABLE', '', 0],
    ['UNAUTHENTICATED', '42501', 401],
    ['UNAUTHENTICATED', 'PGRST301', 401],
    ['FORBIDDEN', '42501', 403],
    ['NOT_INSTALLED', 'PGRST202', 404],
    ['NOT_INSTALLED', 'PGRST106', 406],
    ['INVALID_REQUEST', '22P02', 400],
    ['INVALID_STRING', '22P05', 400],
    ['DATABASE_UNAVAILABLE', '57P01', 500],
    ['DATABASE_UNAVAILABLE', 'PGRST001', 503],
    ['DATABASE_UNAVAILABLE', undefined, 502],
    ['INTERNAL', 'XX000', 500],
  ])('become %s for %s with %d', (expected, code, status) => {
    expect(codeOf(code, status)).toBe(expected);
  });
  it('say that a token has expired', () => {
    expect(translateError({ message: 'JWT expired', code: 'PGRST303' }, 401).code).toBe('TOKEN_EXPIRED');
  });
  it('say whether the same call can succeed later', () => {
    const retryable = (code: string, status: number): boolean => translateError({ message: '', code }, status).retryable;
    expect([retryable('', 0), retryable('57P01', 500), retryable('XX000', 500), retryable('42501', 403)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(translateThrown(new TypeError('fetch failed'))).toMatchObject({ code: 'UNREACHABLE', retryable: true });
  });
});
