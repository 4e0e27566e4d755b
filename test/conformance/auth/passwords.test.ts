import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { inShort } from '../support/auth-answers.ts';
import { PASSWORD, useSupabase, type SignedIn } from '../support/use-supabase.ts';

const supabase = useSupabase();
let anna: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser({ metadata: { name: 'Anna' } });
});

const signUp = async (email: string, password = PASSWORD) => {
  const answer = await supabase.connect().auth.signUp({ email, password, options: { data: { name: 'New' } } });
  if (answer.data.user !== null) supabase.deleteAfterwards(answer.data.user.id);
  return answer;
};
const newAddress = (): string => `${supabase.prefix}-${randomUUID()}@example.com`;

describe('Auth: sign-up', () => {
  it('makes a user, and a session', async () => {
    const email = newAddress();
    const { data, error } = await signUp(email);
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, role: 'authenticated', aud: 'authenticated', user_metadata: { name: 'New' } });
    expect(data.user?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(data.session).toMatchObject({ token_type: 'bearer', user: { id: data.user?.id } });
  });

  it('refuses an address that is taken', async () => {
    expect(inShort(await signUp(anna.email))).toBe('422 user_already_exists');
  });

  it('refuses a short password', async () => expect(inShort(await signUp(newAddress(), 'short'))).toBe('422 weak_password'));

  it('refuses what is no address', async () => expect(inShort(await signUp('nobody'))).toBe('400 validation_failed'));
});

describe('Auth: sign-in by password', () => {
  const signIn = (email: string, password: string) => supabase.connect().auth.signInWithPassword({ email, password });

  it('gives a session', async () => {
    const { data, error } = await signIn(anna.email, PASSWORD);
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ id: anna.id, email: anna.email, user_metadata: { name: 'Anna' } });
    expect(data.session).toMatchObject({ token_type: 'bearer', expires_in: 3600 });
    expect(data.session?.refresh_token).toBeTruthy();
  });

  it('does not mind capitals in the address', async () => {
    expect((await signIn(anna.email.toUpperCase(), PASSWORD)).data.user?.id).toBe(anna.id);
  });

  it('refuses a wrong password', async () => {
    expect(inShort(await signIn(anna.email, `${PASSWORD}!`))).toBe('400 invalid_credentials');
  });

  it('says the same of somebody unknown', async () => {
    const [unknown, wrong] = [await signIn(newAddress(), PASSWORD), await signIn(anna.email, `${PASSWORD}!`)];
    expect([inShort(unknown), unknown.error?.message]).toEqual([inShort(wrong), wrong.error?.message]);
  });

  it('gives each sign-in a session of its own', async () => {
    const [one, other] = [await signIn(anna.email, PASSWORD), await signIn(anna.email, PASSWORD)];
    expect(one.data.session?.refresh_token).not.toBe(other.data.session?.refresh_token);
  });
});

describe('Auth: changing a user', () => {
  it('merges metadata', async () => {
    const user = await supabase.createUser({ metadata: { name: 'Carl', color: 'red' } });
    const { data, error } = await user.client.auth.updateUser({ data: { color: 'blue' } });
    expect(error).toBeNull();
    expect(data.user?.user_metadata).toMatchObject({ name: 'Carl', color: 'blue' });
    expect((await user.client.auth.getUser()).data.user?.user_metadata).toMatchObject({ name: 'Carl', color: 'blue' });
  });

  it('changes the password', async () => {
    const user = await supabase.createUser();
    const other = 'another good horse';
    expect((await user.client.auth.updateUser({ password: other })).error).toBeNull();
    const signIn = (password: string) => supabase.connect().auth.signInWithPassword({ email: user.email, password });
    expect(inShort(await signIn(PASSWORD))).toBe('400 invalid_credentials');
    expect(inShort(await signIn(other))).toBe('200');
  });

  it('refuses the password that he has', async () => {
    const user = await supabase.createUser();
    expect(inShort(await user.client.auth.updateUser({ password: PASSWORD }))).toBe('422 same_password');
  });

  it('does not let users write app_metadata', async () => {
    const user = await supabase.createUser();
    await fetch(`${supabase.settings.url}/auth/v1/user`, {
      method: 'PUT',
      headers: {
        apikey: supabase.settings.publishableKey,
        authorization: `Bearer ${user.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ app_metadata: { role: 'admin' }, role: 'service_role' }),
    });
    const { data } = await user.client.auth.getUser();
    expect(data.user?.app_metadata).not.toHaveProperty('role');
    expect(data.user?.role).toBe('authenticated');
  });
});
