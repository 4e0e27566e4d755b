// Signs somebody up, saves a task, starts a run and follows it live to its end: `node examples/client/follow-run.ts`
import { createDurabase, isDurabaseError, type StartedRun } from '@durabase/client';
import { createClient } from '@supabase/supabase-js';
import { readSettings } from '../settings.ts';

const { supabaseUrl, publishableKey } = readSettings();
const supabase = createClient(supabaseUrl, publishableKey, { auth: { persistSession: false } });
const durabase = createDurabase({ supabase });

// An app has its own sign-in. In the local stack everybody who signs up gets a workspace.
const email = `${crypto.randomUUID()}@example.com`;
const { error: refusal } = await supabase.auth.signUp({ email, password: crypto.randomUUID() });
if (refusal !== null) throw refusal;

const definition = {
  slug: 'short-nap',
  steps: [
    { id: 'first', action: 'sleep', with: { duration: '1 second' } },
    { id: 'second', action: 'sleep', needs: ['first'], with: { duration: '{{ input.seconds }} seconds' } },
  ],
  output: { slept: '{{ input.seconds }}' },
};
const { error } = await supabase.schema('durabase').rpc('save_task', { definition });
if (error !== null) throw error;

/** A worker compiles what was saved within a second or so. */
async function startWhenReady(): Promise<StartedRun<{ readonly slept: number }>> {
  for (;;) {
    try {
      return await durabase.start('short-nap', { seconds: 2 }, { idempotencyKey: 'my first run' });
    } catch (caught) {
      if (!isDurabaseError(caught) || caught.code !== 'TASK_NOT_READY') throw caught;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const run = await startWhenReady();
console.log(`run ${run.id} is ${run.run.state}`);
const watch = run.watch({ onConnection: ({ state }) => console.log(`connection: ${state}`) });
for await (const { seq, kind, stepId } of watch) console.log(seq, kind, stepId ?? '');
const { slept } = await run.result();
console.log(`completed: slept ${slept} seconds more`);

await durabase.close();
process.exit(0); // supabase-js keeps a timer of ten seconds
