import { useMutation } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';
import { explainAuthError } from '../explain-auth-error.ts';
import type { Credentials } from './sign-in.ts';

/** Whether the new account is signed in; else its e-mail has to be confirmed first. */
interface Made {
  readonly isSignedIn: boolean;
}

const signUp = async ({ supabase, config }: Backend, credentials: Credentials): Promise<Made> => {
  if (credentials.email === '' || credentials.password === '') throw new Error('Enter an e-mail and a password.');
  const { data, error } = await supabase.auth.signUp(credentials);
  if (error !== null) throw new Error(explainAuthError(error, config.supabaseUrl), { cause: error });
  return { isSignedIn: data.session !== null };
};

export const useSignUp = () => {
  const backend = useBackend();
  return useMutation({ mutationFn: (credentials: Credentials) => signUp(backend, credentials) });
};
