import { UnstyledButton } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Logo } from '../components/logo.tsx';
import { SignInForm } from '../features/auth/components/sign-in-form.tsx';
import { SignUpForm } from '../features/auth/components/sign-up-form.tsx';
import { useSession } from '../lib/session.tsx';
import { useTitle } from '../lib/use-title.ts';
import './sign-in-page.css';

/** Only addresses of these pages: a link cannot send anybody elsewhere after he has signed in. */
const isOwnAddress = (address: string): boolean =>
  address.startsWith('/') && !address.startsWith('//') && !address.includes('\\');

export const SignInPage = () => {
  useTitle('Sign in');
  const { session } = useSession();
  const { next = '/runs' } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  useEffect(() => {
    if (session.status === 'signed in') void navigate({ href: isOwnAddress(next) ? next : '/runs', replace: true });
  }, [session, navigate, next]);
  const [isNew, setIsNew] = useState(false);
  const hasExpired = session.status === 'signed out' && session.hasExpired;
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo />
        <div>
          <h1>{isNew ? 'Create an account' : 'Sign in'}</h1>
          <p className="soft">
            {hasExpired ? 'Your session has ended. Sign in to go on.' : 'With the account of your Supabase project.'}
          </p>
        </div>
        {isNew ? <SignUpForm /> : <SignInForm />}
        <p className="soft small sign-in-other">
          {isNew ? 'You have an account?' : 'No account yet?'}{' '}
          <UnstyledButton className="link small" onClick={() => setIsNew(!isNew)}>
            {isNew ? 'Sign in with it' : 'Create one'}
          </UnstyledButton>
        </p>
      </div>
    </main>
  );
};
