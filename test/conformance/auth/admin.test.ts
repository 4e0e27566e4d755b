import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { inShort } from '../support/auth-answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { PASSWORD, useSupabase } from '../support/use-supabase.ts';

const supabase = useSupabase();

describe('Auth: administration', () => {
  it('creates users with the secret key', async () => {
    const email = `${supabase.prefix}-${randomUUID()}@example.com`;
    const answer = await supabase.service.auth.admin.createUser({ email, password: PASSWORD, email_confirm: true });
    if (answer.data.user !== null) supabase.deleteAfterwards(answer.data.user.id);
    expect(inShort(answer)).toBe(expectedOf('admin-create-user'));
  });

  it('deletes users with the secret key', async () => {
    const { id } = await supabase.createUser();
    expect(inShort(await supabase.service.auth.admin.deleteUser(id))).toBe(expectedOf('admin-delete-user'));
  });

  it('refuses the publishable key', async () => {
    const { id } = await supabase.createUser();
    expect(inShort(await supabase.anonymous.auth.admin.deleteUser(id))).toBe(expectedOf('admin-without-right'));
  });

  it('refuses a user', async () => {
    const { id, client } = await supabase.createUser();
    expect(inShort(await client.auth.admin.deleteUser(id))).toBe(expectedOf('admin-without-right'));
  });

  it('deletes users by SQL: their sessions end', async () => {
    const user = await supabase.createUser();
    await supabase.owner.query('delete from auth.users where id = $1', [user.id]);
    expect(inShort(await user.client.auth.refreshSession())).toBe('400 refresh_token_not_found');
    expect(inShort(await supabase.connect().auth.getUser(user.token))).toBe('403 user_not_found');
  });

  it('lets nobody in without an address, unless the project wants it', async () => {
    const answer = await supabase.connect().auth.signInAnonymously();
    if (answer.data.user !== null) supabase.deleteAfterwards(answer.data.user.id);
    expect(inShort(answer)).toBe('422 anonymous_provider_disabled');
  });
});
