import { useSignIn } from '../api/sign-in.ts';
import { CredentialsForm } from './credentials-form.tsx';

/** E-mail and password. Whoever comes in is taken on by the session. */
export const SignInForm = () => {
  const { mutate, isPending, error } = useSignIn();
  return (
    <CredentialsForm
      send="Sign in"
      passwordHint="current-password"
      isPending={isPending}
      failure={error?.message}
      onSend={(credentials) => mutate(credentials)}
    />
  );
};
