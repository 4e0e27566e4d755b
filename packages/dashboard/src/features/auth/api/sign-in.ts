import { useMutation } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';
import { explainAuthError } from '../explain-auth-error.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

const signIn = async ({ supabase, config }: Backend, credentials: Credentials): Promise<void> => {
  if (credentials.email === '' || credentials.password === '') throw new Error('Enter your e-mail and your password.');
  const { error } = await supabase.auth.signInWithPassword(credentials);
  if (error !== null) throw new Error(explainAuthError(error, config.supabaseUrl), { cause: error });
};

export const useSignIn = () => {
  const backend = useBackend();
  return useMutation({ mutationFn: (credentials: Credentials) => signIn(backend, credentials) });
};
