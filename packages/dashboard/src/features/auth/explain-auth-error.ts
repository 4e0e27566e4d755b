import { AuthRetryableFetchError, isAuthApiError } from '@supabase/supabase-js';

/** What Auth says, in words that help. */
export const explainAuthError = (error: Error, supabaseUrl: string): string => {
  if (error instanceof AuthRetryableFetchError) return `${supabaseUrl} cannot be reached. Is Supabase running?`;
  if (!isAuthApiError(error)) return error.message;
  // Before the status: that of most is 400.
  if (error.code === 'email_not_confirmed') return 'The e-mail is not confirmed yet. Follow the link in the message you got.';
  if (error.code === 'signup_disabled') return 'Nobody can sign up by himself here. Ask whoever runs this for an account.';
  if (error.code === 'user_already_exists' || error.code === 'email_exists')
    return 'There is an account with this e-mail. Sign in.';
  if (error.code === 'weak_password' || error.code === 'email_address_invalid') return error.message;
  if (error.code === 'invalid_credentials' || error.status === 400) return 'The e-mail or the password is wrong.';
  if (error.status === 429) return 'Too many tries. Wait a minute and try again.';
  return error.message;
};
