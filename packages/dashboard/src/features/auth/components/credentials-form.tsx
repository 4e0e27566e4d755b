import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { Failure } from '../../../components/failure.tsx';
import type { Credentials } from '../api/sign-in.ts';

interface CredentialsFormProps {
  /** What the button says. */
  readonly send: string;
  /** What a password manager is to offer. */
  readonly passwordHint: 'current-password' | 'new-password';
  readonly isPending: boolean;
  readonly failure: string | undefined;
  readonly onSend: (credentials: Credentials) => void;
}

export const CredentialsForm = ({ send, passwordHint, isPending, failure, onSend }: CredentialsFormProps) => {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSend({ email: email.trim(), password });
  };
  return (
    <form onSubmit={submit} className="sign-in-form" noValidate>
      <Failure text={failure} />
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="username"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        size="md"
        required
        withAsterisk={false}
      />
      <PasswordInput
        label="Password"
        autoComplete={passwordHint}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        size="md"
        required
        withAsterisk={false}
      />
      <Button type="submit" size="md" loading={isPending} fullWidth mt={4}>
        {send}
      </Button>
    </form>
  );
};
