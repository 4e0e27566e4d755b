import type { Run } from '@durabase/client';
import { type Actor, nickname } from '../cast.ts';
import type { Stage } from '../stage.ts';
import type { TaskSlug } from '../tasks.ts';
import { type Absence, cutOff } from './cut-subscriber.ts';
import { SALES_DAY } from './sign-up.ts';

const SHORT_PAUSE = '200 ms';
const LONG_PAUSE = '1 hour';

/** What later scenes go on with. */
export interface StartedRuns {
  readonly report: Actor;
  /** Sleeps for an hour before its effects. */
  readonly sleeper: Actor;
  readonly absence: Absence;
}

/** Runs are started in three ways, and watched until they have done what they can. */
export async function playStartRuns(stage: Stage): Promise<StartedRuns> {
  const { screen, watch, cast } = stage;
  screen.scene('Runs start by HTTP, by supabase-js and by a trigger');
  const report = await startByHttp(stage, 'sales-report', { day: SALES_DAY, pause: SHORT_PAUSE });
  await startByHttp(stage, 'notify-partner', { day: SALES_DAY });
  const bringBack = await cutOff(stage);
  await startByRpc(stage, 'fulfil-order', { order: 1_000, desk: 'packing' });
  const sleeper = await startByRpc(stage, 'sales-report', { day: SALES_DAY, pause: LONG_PAUSE });
  await startByTrigger(stage, ['a lamp', 'a chair']);
  await refuseOrder(stage);
  for (const actor of cast.actors) {
    if (actor.id === sleeper.id) await watch.until(actor.id, ({ state }) => state === 'waiting', 'the pause of the report');
    else await watch.until(actor.id, isCompleted, `the end of ${nickname(actor.task, actor.id)}`);
  }
  return { report, sleeper, absence: await bringBack() };
}

export const isCompleted = ({ state }: Run): boolean => state === 'completed';

/** Asked twice with one key, as a caller does who did not hear the answer: it is one run. */
async function startByHttp({ api, cast, screen }: Stage, task: TaskSlug, input: unknown): Promise<Actor> {
  const options = { input, idempotencyKey: `demo-${task}` };
  const [id, again] = [await api.startRun(task, options), await api.startRun(task, options)];
  if (again !== id) throw new Error(`one idempotency key started two runs of ${task}: ${id} and ${again}`);
  screen.tell(`POST …/tasks/${task}/runs twice, one Idempotency-Key: one run`);
  return cast.add({ id, task, startedBy: 'HTTP' });
}

export async function startByRpc({ user, cast, screen }: Stage, task: TaskSlug, input: unknown): Promise<Actor> {
  const { data, error } = await user.supabase.rpc('start_run', { task, input });
  if (error !== null) throw new Error(`rpc start_run ${task} failed: ${error.message}`);
  const { id } = data as { readonly id: string };
  screen.tell(`supabase.rpc('start_run', { task: '${task}', … })`);
  const isSleeper = JSON.stringify(input).includes(LONG_PAUSE);
  return cast.add({ id, task, startedBy: 'supabase-js', ending: isSleeper ? 'cancelled' : 'completed' });
}

async function startByTrigger({ user, cast, screen }: Stage, items: readonly string[]): Promise<void> {
  const orders = user.supabase.schema('public').from('orders');
  const { data, error } = await orders.insert(items.map((item) => ({ item }))).select('run_id');
  if (error !== null) throw new Error(`the orders cannot be written: ${error.message}`);
  screen.tell(`supabase.from('orders').insert(${items.length} rows): a trigger starts ${items.length} runs`);
  for (const { run_id: id } of data as readonly { readonly run_id: string }[]) {
    cast.add({ id, task: 'fulfil-order', startedBy: 'SQL trigger' });
  }
}

/** The second row is refused by a check, so the run of the first is gone with it: the final table would show it. */
async function refuseOrder({ user, screen }: Stage): Promise<void> {
  const { error } = await user.supabase
    .schema('public')
    .from('orders')
    .insert([{ item: 'a table' }, { item: '' }]);
  if (error === null) throw new Error('an order without an item was taken');
  screen.tell('an insert that fails halfway starts no run');
}
