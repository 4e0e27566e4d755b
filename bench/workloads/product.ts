import { randomUUID } from 'node:crypto';
import type { Stack } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import { Agent, request } from 'undici';
import { subscribeToChanges } from './subscriber.ts';
import { type Measured, oneAtATime, timeAll } from './timing.ts';

/** The product as its users use it: submitted through the API, ends seen by one subscriber of Realtime. */
export interface Product {
  /** Runs ended in a second. */
  many(options: { readonly task: string; readonly total: number; readonly inFlight: number }): Promise<number>;
  /** One run of a loop over so many items, 100 at a time: items in a second. */
  loop(options: { readonly items: number }): Promise<number>;
  single(options: { readonly task: string; readonly total: number }): Promise<Measured>;
  /** Submissions accepted in a second; resolves before their runs have ended. */
  submit(options: { readonly task: string; readonly total: number; readonly inFlight: number }): Promise<number>;
  /** Resolves when everything that was submitted has ended. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

const STEP = { action: 'noop', with: {} };
/** Items of the loop that are taken at a time. */
const PARALLEL = 100;
const TASKS = [
  { slug: 'loop', steps: [{ id: 'each', ...STEP, forEach: 'input.items', maxParallel: PARALLEL }], output: 'done' },
  { slug: 'one', steps: [{ id: 's0', ...STEP }] },
  { slug: 'ten', steps: Array.from({ length: 10 }, (_, n) => ({ id: `s${n}`, ...STEP, needs: n === 0 ? [] : [`s${n - 1}`] })) },
];

const signUp = async (stack: Stack) => {
  const supabase = createClient(stack.urls.supabase, stack.keys.publishable, {
    auth: { persistSession: false },
    db: { schema: 'durabase' },
  });
  const { data, error } = await supabase.auth.signUp({ email: `bench-${randomUUID()}@example.test`, password: randomUUID() });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  return { supabase, token: data.session.access_token };
};

async function saveTasks(supabase: Awaited<ReturnType<typeof signUp>>['supabase']): Promise<void> {
  for (const definition of TASKS) {
    const { error } = await supabase.rpc('save_task', { definition });
    if (error !== null) throw new Error(error.message);
  }
  for (;;) {
    const { data } = await supabase.from('task_versions').select('state, problems');
    const states = (data ?? []) as readonly { readonly state: string; readonly problems: unknown }[];
    const invalid = states.find(({ state }) => state === 'invalid');
    if (invalid !== undefined) throw new Error(JSON.stringify(invalid.problems));
    if (states.length === TASKS.length && states.every(({ state }) => state === 'ready')) return;
  }
}

/** A user of a running stack, with the tasks of the workloads. */
export async function createProduct(stack: Stack): Promise<Product> {
  const { supabase, token } = await signUp(stack);
  await saveTasks(supabase);
  const { data } = await supabase.rpc('feeds');
  const [feed] = data as readonly { readonly topic: string; readonly feed: string }[];
  if (feed === undefined) throw new Error('the user follows no feed');
  const ends = await subscribeToChanges({ url: stack.urls.supabase, apiKey: stack.keys.publishable, token, topic: feed.topic });
  const agent = new Agent({ connections: 100 });
  const submit = async (task: string, input: unknown = {}): Promise<string> => {
    const response = await request(`${stack.urls.api}/api/v1/tasks/${task}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input }),
      dispatcher: agent,
    });
    const run = (await response.body.json()) as { readonly id?: string; readonly detail?: string };
    if (run.id === undefined) throw new Error(`not accepted: ${JSON.stringify(run)}`);
    return run.id;
  };
  const runToEnd = async (task: string): Promise<void> => ends.of(await submit(task));
  const submitted: string[] = [];
  return {
    many: ({ task, ...amount }) => timeAll(amount, () => runToEnd(task)),
    loop: async ({ items }) => {
      const list = Array.from({ length: items }, (_, n) => n);
      return items * (await timeAll({ total: 1, inFlight: 1 }, async () => ends.of(await submit('loop', { items: list }))));
    },
    single: ({ task, total }) => oneAtATime(total, () => runToEnd(task)),
    submit: ({ task, ...amount }) => timeAll(amount, async () => void submitted.push(await submit(task))),
    drained: async () => {
      for (const id of submitted.splice(0)) await ends.of(id);
    },
    close: async () => {
      ends.close();
      await agent.close();
    },
  };
}
