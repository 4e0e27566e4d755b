import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { useSignIn } from '../api/sign-in.ts';

/** E-mail and password. Whoever comes in is taken on by the session. */
export const SignInForm = () => {
  const { mutate, isPending, error } = useSignIn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    mutate({ email: email.trim(), password });
  };
  return (
    <form onSubmit={submit} className="sign-in-form" noValidate>
      {error === null ? null : (
        <p role="alert" className="form-error">
          <Icon name="alert" />
          {error.message}
        </p>
      )}
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
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        size="md"
        required
        withAsterisk={false}
      />
      <Button type="submit" size="md" loading={isPending} fullWidth mt={4}>
        Sign in
      </Button>
    </form>
  );
};
