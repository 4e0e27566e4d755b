import { randomUUID } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { createDurabase, type Durabase } from '../../../packages/client/src/index.ts';
import { readStage } from './stage.ts';

/** Somebody who has signed up, which gives nothing but published tasks here. */
export interface EndUser {
  readonly email: string;
  readonly password: string;
  readonly durabase: Durabase;
  readonly supabase: SupabaseClient;
}

/** Somebody who writes tasks: he has signed up, and was given a workspace of his own. */
export interface Person extends EndUser {
  /** Saves a task whose steps call the target. Returns its id. */
  saveTask(definition: Readonly<Record<string, unknown>>): Promise<string>;
  /** Lets everybody who signs up start it. */
  publishTask(taskId: string): Promise<void>;
}

const PASSWORD = 'correct horse battery';

/** A call of the API; gives what it answers. */
const post = async <Answer>(path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Answer> => {
  const response = await fetch(`${readStage().apiUrl}/api/v1${path}`, {
    method: 'POST',
    ...(body === undefined
      ? { headers }
      : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
};

const signUp = async () => {
  const { supabaseUrl, publishableKey } = readStage();
  const email = `${randomUUID().slice(0, 8)}@example.com`;
  const supabase = createClient(supabaseUrl, publishableKey, { auth: { persistSession: false, autoRefreshToken: false } });
  const { data, error } = await supabase.auth.signUp({ email, password: PASSWORD });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  const user: EndUser = { email, password: PASSWORD, durabase: createDurabase({ supabase }), supabase };
  return { user, session: data.session };
};

export const createEndUser = async (): Promise<EndUser> => (await signUp()).user;

export const createPerson = async (): Promise<Person> => {
  const { user, session } = await signUp();
  const headers = { authorization: `Bearer ${session.access_token}` };
  await post('/workspaces', { apikey: readStage().secretKey }, { name: user.email, owner: session.user.id });
  return {
    ...user,
    saveTask: async (definition) => {
      const { task } = await post<{ readonly task: { readonly id: string } }>('/tasks', headers, definition);
      return task.id;
    },
    publishTask: async (taskId) => void (await post(`/tasks/${taskId}/publish`, headers)),
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
