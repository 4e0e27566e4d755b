import { randomUUID } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { createDurabase, type Durabase } from '../../../packages/client/src/index.ts';
import { readStage } from './stage.ts';

/** Somebody who has signed up, with a workspace of his own. */
export interface Person {
  readonly email: string;
  readonly password: string;
  readonly durabase: Durabase;
  readonly supabase: SupabaseClient;
  /** Saves a task whose steps call the target. Returns its id. */
  saveTask(definition: Readonly<Record<string, unknown>>): Promise<string>;
}

const PASSWORD = 'correct horse battery';

export const createPerson = async (): Promise<Person> => {
  const { apiUrl, supabaseUrl, publishableKey } = readStage();
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  const supabase = createClient(supabaseUrl, publishableKey, { auth: { persistSession: false, autoRefreshToken: false } });
  const { data, error } = await supabase.auth.signUp({ email, password: PASSWORD });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  const { access_token: token } = data.session;
  return {
    email,
    password: PASSWORD,
    durabase: createDurabase({ supabase }),
    supabase,
    saveTask: async (definition) => {
      const response = await fetch(`${apiUrl}/api/v1/tasks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(definition),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`the task was answered ${response.status}: ${answer}`);
      return (JSON.parse(answer) as { readonly task: { readonly id: string } }).task.id;
    },
  };
};

/** A step that calls the target. */
export const callStep = (id: string, path: string, needs: readonly string[] = []) => ({
  id,
  action: 'http',
  needs,
  with: { url: `${readStage().targetUrl}${path}` },
  retry: { maxAttempts: 1 },
});

/** Lets go what waits at `/held/<name>`. */
export const release = async (name: string): Promise<void> => void (await fetch(`${readStage().targetUrl}/release/${name}`));
