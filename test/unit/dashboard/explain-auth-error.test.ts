import { expect, test } from '@jest/globals';
import { AuthApiError, AuthRetryableFetchError } from '@supabase/supabase-js';
import { explainAuthError } from '../../../packages/dashboard/src/features/auth/explain-auth-error.ts';

const URL = 'http://supabase.example';

test.each([
  ['email_not_confirmed', 400, /not confirmed yet/],
  ['invalid_credentials', 400, /e-mail or the password is wrong/],
  ['signup_disabled', 422, /Nobody can sign up/],
  ['user_already_exists', 422, /There is an account/],
  ['email_exists', 422, /There is an account/],
  ['weak_password', 422, /^said by Auth$/],
  ['over_request_rate_limit', 429, /Too many tries/],
  [undefined, 400, /e-mail or the password is wrong/],
  [undefined, 500, /^said by Auth$/],
])('%s with status %i is told in words that help', (code, status, words) => {
  expect(explainAuthError(new AuthApiError('said by Auth', status, code), URL)).toMatch(words);
});

test('an Auth that does not answer is named by its address', () => {
  expect(explainAuthError(new AuthRetryableFetchError('Failed to fetch', 0), URL)).toBe(
    `${URL} cannot be reached. Is Supabase running?`,
  );
});

test('what did not come from Auth is said as it is', () => {
  expect(explainAuthError(new Error('no such thing'), URL)).toBe('no such thing');
});
