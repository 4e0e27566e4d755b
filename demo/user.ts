import { randomUUID } from 'node:crypto';
import { createClient } from '@supabase/supabase-js';

/** supabase-js as apps use it; `durabase` is the schema of calls that name none. */
export type UserClient = ReturnType<typeof connect>;

/** Somebody who signed up. */
export interface DemoUser {
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly supabase: UserClient;
}

export interface Project {
  readonly url: string;
  readonly publishableKey: string;
}

export async function signUp(project: Project): Promise<DemoUser> {
  const supabase = connect(project);
  const email = `ada-${randomUUID().slice(0, 8)}@example.com`;
  const password = randomUUID();
  const { data, error } = await supabase.auth.signUp({ email, password });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  return { email, password, token: data.session.access_token, supabase };
}

/** Once more, as on another device. */
export async function signIn(project: Project, { email, password }: DemoUser): Promise<UserClient> {
  const supabase = connect(project);
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  if (error !== null) throw new Error(`signing in failed: ${error.message}`);
  return supabase;
}

const connect = ({ url, publishableKey }: Project) =>
  createClient(url, publishableKey, { auth: { persistSession: false, autoRefreshToken: false }, db: { schema: 'durabase' } });
