import type { Durabase, RunState } from '@durabase/client';
import type pg from 'pg';
import { BROKEN_TASK, describeTasks } from './tasks.ts';

export interface SeedOptions {
  readonly apiUrl: string;
  readonly token: string;
  readonly targetUrl: string;
  /** As the person whose runs they are. */
  readonly durabase: Durabase;
  /** Superuser of the database: the pictures show a past that there was not. */
  readonly owner: pg.Pool;
}

const INPUT = { to: 'finance@example.com', day: '2026-11-20' };
const PATIENCE_MS = 60_000;

/** The past: task, input, how long ago in minutes. */
const PAST: readonly (readonly [task: string, input: unknown, minutesAgo: number])[] = [
  ...[1_450, 2_890, 4_330].map((minutes) => ['daily-sales-report', INPUT, minutes] as const),
  ...[35, 95, 155, 215, 275, 335, 395].map((minutes) => ['import-orders', {}, minutes] as const),
  ...[12, 340].map((minutes) => ['send-invoice', { customer: 'c_81f2' }, minutes] as const),
  ...[51, 118, 1_600].map(
    (minutes) => ['onboard-customer', { name: 'Nordwind GmbH', email: 'ada@nordwind.example', plan: 'team' }, minutes] as const,
  ),
];

/** Tasks, runs that ended, and runs in every state that a run can be left in. */
export async function seed(options: SeedOptions): Promise<{ readonly report: string; readonly failed: string }> {
  const { durabase, targetUrl } = options;
  for (const task of describeTasks(targetUrl)) await save(options, task);
  await saveBySql(options, BROKEN_TASK);
  for (const [task, input, minutesAgo] of PAST) {
    const { id } = await durabase.start(task, input as never);
    await until(durabase, id, ['completed', 'failed']);
    await moveBack(options.owner, id, minutesAgo);
  }
  const failed = await durabase.start('send-invoice', { customer: 'c_81f2' });
  await until(durabase, failed.id, ['failed']);
  const stopped = await durabase.start('renew-contracts', {});
  await until(durabase, stopped.id, ['waiting']);
  await durabase.cancel(stopped.id, { reason: 'the customer has signed' });
  await leaveOpen(durabase);
  const report = await durabase.start('daily-sales-report', INPUT);
  await until(durabase, report.id, ['completed']);
  return { report: report.id, failed: failed.id };
}

/** Runs that are still under way. */
async function leaveOpen(durabase: Durabase): Promise<void> {
  const open: readonly (readonly [task: string, state: RunState])[] = [
    ['renew-contracts', 'waiting'],
    ['notify-partner', 'retrying'],
    ['sync-stock', 'running'],
    ['sync-stock', 'queued'],
  ];
  for (const [task, state] of open) {
    const { id } = await durabase.start(task, {});
    await until(durabase, id, [state]);
  }
  await durabase.start('import-orders', {}, { runAt: new Date(Date.now() + 7_200_000) });
}

async function until(durabase: Durabase, runId: string, states: readonly RunState[]): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for await (const event of durabase.watch(runId, { signal })) {
    if (event.state !== null && states.includes(event.state)) return;
    const { state } = await durabase.getRun(runId);
    if (states.includes(state)) return;
  }
}

async function save({ apiUrl, token }: SeedOptions, task: unknown): Promise<void> {
  const response = await fetch(`${apiUrl}/api/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(task),
  });
  if (!response.ok) throw new Error(`a task was answered ${response.status}: ${await response.text()}`);
}

/** As from supabase-js: it is kept as it is, and a worker says what is wrong with it. */
async function saveBySql({ owner, token }: SeedOptions, task: unknown): Promise<void> {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const client = await owner.connect();
  try {
    await client.query('begin');
    await client.query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)", [claims]);
    await client.query('select durabase.save_task($1)', [JSON.stringify(task)]);
    await client.query('commit');
  } finally {
    client.release();
  }
}

const MOVES = {
  task_runs:
    'created_at = created_at - $2::interval, started_at = started_at - $2::interval, finished_at = finished_at - $2::interval, run_at = run_at - $2::interval',
  run_steps: 'started_at = started_at - $2::interval, finished_at = finished_at - $2::interval',
  run_events: 'at = at - $2::interval',
} as const;

async function moveBack(owner: pg.Pool, runId: string, minutes: number): Promise<void> {
  for (const [table, change] of Object.entries(MOVES)) {
    const key = table === 'task_runs' ? 'id' : 'run_id';
    await owner.query(`update durabase.${table} set ${change} where ${key} = $1`, [runId, `${minutes} minutes`]);
  }
}
