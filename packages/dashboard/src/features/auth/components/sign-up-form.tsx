import { Notice } from '../../../components/notice.tsx';
import { useSignUp } from '../api/sign-up.ts';
import { CredentialsForm } from './credentials-form.tsx';

/** A new account, where the Supabase project lets people make one. */
export const SignUpForm = () => {
  const { mutate, isPending, error, data } = useSignUp();
  if (data !== undefined && !data.isSignedIn) {
    return (
      <Notice icon="check" title="Nearly there">
        A message is on its way to you. Follow the link in it, then sign in.
      </Notice>
    );
  }
  return (
    <CredentialsForm
      send="Create the account"
      passwordHint="new-password"
      isPending={isPending}
      failure={error?.message}
      onSend={(credentials) => mutate(credentials)}
    />
  );
};
