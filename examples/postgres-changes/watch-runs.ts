// Follows the rows of runs with supabase-js alone: `node examples/postgres-changes/watch-runs.ts`
// Good for small tables at a low rate. Changes may be lost while you are away: read again whenever you are subscribed anew.
import { createClient } from '@supabase/supabase-js';
import { readSettings } from '../settings.ts';

interface RunRow {
  readonly id: string;
  readonly state: string;
  readonly version: number;
}

const { supabaseUrl, publishableKey } = readSettings();
const supabase = createClient(supabaseUrl, publishableKey, {
  db: { schema: 'durabase' },
  auth: { persistSession: false },
});

const email = `${crypto.randomUUID()}@example.com`;
const { error: refusal } = await supabase.auth.signUp({ email, password: crypto.randomUUID() });
if (refusal !== null) throw refusal;

/** The newest version of each run: what arrives twice or too late changes nothing. */
const runs = new Map<string, RunRow>();
let onEnd = (): void => {};
const show = (row: RunRow): void => {
  if ((runs.get(row.id)?.version ?? 0) >= row.version) return;
  runs.set(row.id, row);
  console.log(`${row.id} ${row.state} (version ${row.version})`);
  if (row.state === 'completed') onEnd();
};
const ended = new Promise<void>((resolve) => {
  onEnd = resolve;
});

/** Everything that is there by now. */
const readAll = async (): Promise<void> => {
  const { data, error } = await supabase.from('task_runs').select('id,state,version');
  if (error !== null) throw error;
  for (const row of data as readonly RunRow[]) show(row);
};

// Without this the channel would be that of a visitor, who sees nothing.
await supabase.realtime.setAuth();
const changes = { event: '*', schema: 'durabase', table: 'task_runs' } as const;
supabase
  .channel('my runs')
  .on<RunRow>('postgres_changes', changes, (change) => {
    // Row-level security does not hold for DELETE; runs are never deleted one by one.
    if (change.eventType !== 'DELETE') show(change.new);
  })
  // SUBSCRIBED comes too early: changes flow from this message on, so the first reading comes after it.
  .on('system', {}, ({ extension, status, message }: { extension: string; status: string; message: string }) => {
    if (extension !== 'postgres_changes') return;
    console.log(message);
    if (status === 'ok') void readAll();
  })
  .subscribe((status, error) => {
    if (error !== undefined) console.log(status, error.message);
  });

const definition = { slug: 'short-nap', action: 'sleep', with: { duration: '1 second' } };
const saved = await supabase.rpc('save_task', { definition });
if (saved.error !== null) throw saved.error;
for (;;) {
  const started = await supabase.rpc('start_run', { task: 'short-nap', idempotency_key: 'my first run' });
  if (started.error === null) break;
  if (!started.error.details.includes('TASK_NOT_READY')) throw started.error;
  await new Promise((resolve) => setTimeout(resolve, 200)); // a worker compiles it within a second or so
}

await ended;
console.log('completed');
await supabase.removeAllChannels();
process.exit(0); // supabase-js keeps a timer of ten seconds
