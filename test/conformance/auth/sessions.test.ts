import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { inShort } from '../support/auth-answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { claimsOf } from '../support/tokens.ts';
import { PASSWORD, useSupabase, type Client } from '../support/use-supabase.ts';

const supabase = useSupabase((p) => ({
  create: `create function public.${p}_claims() returns jsonb language sql stable as 'select auth.jwt()'`,
  grant: `grant execute on function public.${p}_claims() to authenticated`,
}));
const sessionOf = async (client: Client) => {
  const { data } = await client.auth.getSession();
  if (data.session === null) throw new Error('nobody is signed in');
  return data.session;
};

describe('Auth: session', () => {
  it('says who is signed in', async () => {
    const user = await supabase.createUser();
    expect((await user.client.auth.getUser()).data.user).toMatchObject({ id: user.id, email: user.email });
  });

  it('says of a token whose it is', async () => {
    const user = await supabase.createUser();
    expect((await supabase.connect().auth.getUser(user.token)).data.user?.id).toBe(user.id);
  });

  it('says that nobody is', async () => {
    expect(inShort(await supabase.connect().auth.getUser())).toBe('400 AuthSessionMissingError');
  });

  it('gives claims', async () => {
    const user = await supabase.createUser();
    const { data } = await user.client.auth.getClaims();
    expect(data?.claims).toMatchObject({ sub: user.id, role: 'authenticated', email: user.email });
  });

  it('is taken over by another client', async () => {
    const user = await supabase.createUser();
    const { access_token, refresh_token } = await sessionOf(user.client);
    const other = supabase.connect();
    expect((await other.auth.setSession({ access_token, refresh_token })).error).toBeNull();
    expect((await other.auth.getUser()).data.user?.id).toBe(user.id);
  });
});

describe('Auth: what a token says', () => {
  it('who, in which role, how long', async () => {
    const user = await supabase.createUser();
    const claims = claimsOf(user.token);
    expect(claims).toMatchObject({ sub: user.id, email: user.email, role: 'authenticated', aud: 'authenticated' });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3600);
    expect(claims['session_id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reaches the database as auth.jwt()', async () => {
    const user = await supabase.createUser();
    const { data } = await user.client.rpc(`${supabase.prefix}_claims`);
    expect(data).toMatchObject({ sub: user.id, role: 'authenticated', email: user.email });
  });

  it('app_metadata', async () => {
    const user = await supabase.createUser();
    expect('app_metadata' in claimsOf(user.token)).toBe(expectedOf('app-metadata-in-token'));
  });

  it('user_metadata', async () => {
    const user = await supabase.createUser({ metadata: { name: 'Anna' } });
    expect('user_metadata' in claimsOf(user.token)).toBe(expectedOf('user-metadata-in-token'));
  });
});

describe('Auth: refresh', () => {
  it('gives a new token for the same user', async () => {
    const user = await supabase.createUser();
    const before = await sessionOf(user.client);
    const { data, error } = await user.client.auth.refreshSession();
    expect(error).toBeNull();
    expect(data.session?.refresh_token).not.toBe(before.refresh_token);
    expect(claimsOf(data.session?.access_token ?? '')).toMatchObject({
      sub: user.id,
      session_id: claimsOf(before.access_token)['session_id'],
    });
  });

  it('goes on from the newest one', async () => {
    const user = await supabase.createUser();
    await user.client.auth.refreshSession();
    expect(inShort(await user.client.auth.refreshSession())).toBe('200');
  });

  it('forgives two tabs that refresh at once', async () => {
    const user = await supabase.createUser();
    const { refresh_token } = await sessionOf(user.client);
    const [one, other] = [supabase.connect(), supabase.connect()];
    expect(inShort(await one.auth.refreshSession({ refresh_token }))).toBe('200');
    expect(inShort(await other.auth.refreshSession({ refresh_token }))).toBe('200');
  });

  it('refuses what is no refresh token', async () => {
    expect(inShort(await supabase.connect().auth.refreshSession({ refresh_token: 'nonsense' }))).toBe('400 validation_failed');
  });
});

describe('Auth: sign-out', () => {
  const signInAgain = async (email: string): Promise<Client> => {
    const client = supabase.connect();
    await client.auth.signInWithPassword({ email, password: PASSWORD });
    return client;
  };

  it('ends the session', async () => {
    const user = await supabase.createUser();
    const { refresh_token } = await sessionOf(user.client);
    expect((await user.client.auth.signOut()).error).toBeNull();
    expect((await user.client.auth.getSession()).data.session).toBeNull();
    expect(inShort(await supabase.connect().auth.refreshSession({ refresh_token }))).toBe('400 refresh_token_not_found');
  });

  it('makes Auth refuse the token that was in use', async () => {
    const user = await supabase.createUser();
    await user.client.auth.signOut();
    expect(inShort(await supabase.connect().auth.getUser(user.token))).toBe('400 AuthSessionMissingError');
  });

  it('leaves other sessions alone when it is local', async () => {
    const user = await supabase.createUser();
    const other = await signInAgain(user.email);
    await user.client.auth.signOut({ scope: 'local' });
    expect(inShort(await other.auth.refreshSession())).toBe('200');
  });

  it('ends all sessions when it is global', async () => {
    const user = await supabase.createUser();
    const other = await signInAgain(user.email);
    await user.client.auth.signOut({ scope: 'global' });
    expect(inShort(await other.auth.refreshSession())).toBe('400 refresh_token_not_found');
  });

  it('ends only the others when asked', async () => {
    const user = await supabase.createUser();
    const other = await signInAgain(user.email);
    await user.client.auth.signOut({ scope: 'others' });
    expect(inShort(await other.auth.refreshSession())).toBe('400 refresh_token_not_found');
    expect(inShort(await user.client.auth.refreshSession())).toBe('200');
  });
});

describe('Auth: onAuthStateChange', () => {
  it('tells of sign-in, refresh, change and sign-out, in order', async () => {
    const { email } = await supabase.createUser();
    const client = supabase.connect();
    const events: string[] = [];
    client.auth.onAuthStateChange((event, session) => {
      events.push(`${event} ${session?.user.email ?? 'nobody'}`);
    });
    await eventually(() => expect(events).toEqual(['INITIAL_SESSION nobody']));
    await client.auth.signInWithPassword({ email, password: PASSWORD });
    await client.auth.refreshSession();
    await client.auth.updateUser({ data: { name: 'Anna' } });
    await client.auth.signOut();
    expect(events).toEqual([
      'INITIAL_SESSION nobody',
      `SIGNED_IN ${email}`,
      `TOKEN_REFRESHED ${email}`,
      `USER_UPDATED ${email}`,
      'SIGNED_OUT nobody',
    ]);
  });

  it('tells nothing after it was cancelled', async () => {
    const { email } = await supabase.createUser();
    const client = supabase.connect();
    const events: string[] = [];
    const { data } = client.auth.onAuthStateChange((event) => void events.push(event));
    await eventually(() => expect(events).toEqual(['INITIAL_SESSION']));
    data.subscription.unsubscribe();
    await client.auth.signInWithPassword({ email, password: PASSWORD });
    expect(events).toEqual(['INITIAL_SESSION']);
  });
});
