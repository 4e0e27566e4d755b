import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type pg from 'pg';
import { readConfig } from '../../src/config.ts';
import { createWorker, type RunningWorker, type WorkerOptions } from '../../src/create-worker.ts';
import { createLog } from '../../src/platform/log/create-log.ts';
import { createUser, findRun, type Run } from './build-rows.ts';
import { callRow, readValue } from './call.ts';
import { eventually } from './eventually.ts';
import { startTarget, type Target } from './target-server.ts';
import { readTestEnv } from './test-database.ts';
import { useDatabase, type UsedDatabase } from './use-database.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/** A worker in a process of its own, which can be killed. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** The product for the tests of one file: a database, a task queue of its own, a target, and workers. */
export interface UsedEngine {
  readonly db: UsedDatabase;
  readonly target: Target;
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly userId: string;
  readonly workspaceId: string;
  /** A worker inside this process. */
  startWorker(settings?: Readonly<Record<string, string>>, options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  spawnWorker(settings?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** Saves a task as the user and waits until a worker has compiled it; throws its problems. */
  saveTask(definition: Readonly<Record<string, unknown>>): Promise<void>;
  startRun(task: string, input?: unknown, more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Calls a function of the database as the user. */
  call<Row extends pg.QueryResultRow>(name: string, args: Readonly<Record<string, unknown>>): Promise<Row>;
  /** The run as soon as it has ended. */
  finished(runId: string, timeoutMs?: number): Promise<Run>;
  events(
    runId: string,
  ): Promise<readonly { readonly seq: number; readonly kind: string; readonly step_id: string | null; readonly data: unknown }[]>;
  audit(runId: string): Promise<readonly string[]>;
  /** Temporal's own status of the run's newest execution. */
  statusInTemporal(runId: string): Promise<string>;
}

interface Parts {
  readonly target: Target;
  readonly temporal: Client;
  readonly userId: string;
  readonly workspaceId: string;
}

const settingsOf = (db: UsedDatabase, target: Target, taskQueue: string): Record<string, string> => ({
  DURABASE_ENVIRONMENT: 'local',
  DURABASE_DATABASE_URL: db.urls.engineUrl,
  DURABASE_SUPABASE_URL: 'http://127.0.0.1:9',
  DURABASE_TEMPORAL_ADDRESS: readTestEnv('temporalAddress'),
  DURABASE_TEMPORAL_NAMESPACE: readTestEnv('temporalNamespace'),
  DURABASE_TASK_QUEUE: taskQueue,
  DURABASE_OUTGOING_ALLOW: `127.0.0.1:${target.port}`,
  DURABASE_LOG_LEVEL: 'silent',
  DURABASE_HEALTH_PORT: '0',
  DURABASE_RECONCILE_INTERVAL_MS: '500',
  DURABASE_SHUTDOWN_GRACE_MS: '1000',
  // So few that nearly every workflow task is a replay: what is not deterministic shows.
  DURABASE_MAX_CACHED_WORKFLOWS: process.env['DURABASE_TEST_MAX_CACHED_WORKFLOWS'] ?? '2',
});

async function spawnProcess(settings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const plain = Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('DURABASE_')));
  const child = spawn(process.execPath, [join(REPOSITORY, 'src/worker.ts')], {
    cwd: REPOSITORY,
    env: { ...plain, ...settings, DURABASE_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('worker.polling')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the worker ended with ${String(code)} while it started`)));
  });
  return {
    child,
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
  };
}

/** Call it at the top of a file. Nothing runs until a test starts a worker. */
export function useEngine(): UsedEngine {
  const db = useDatabase();
  const taskQueue = `test-${randomUUID()}`;
  const workers: RunningWorker[] = [];
  const processes: WorkerProcess[] = [];
  let parts: Parts | undefined;
  const read = (): Parts => {
    if (parts === undefined) throw new Error('the engine is there from beforeAll on');
    return parts;
  };

  beforeAll(async () => {
    Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => undefined) });
    const connection = await Connection.connect({ address: readTestEnv('temporalAddress') });
    const userId = await createUser(db.owner);
    const workspaceId = await readValue<string>(db.owner, 'select id from durabase.workspaces where personal_user_id = $1', [
      userId,
    ]);
    parts = {
      target: await startTarget(),
      temporal: new Client({ connection, namespace: readTestEnv('temporalNamespace') }),
      userId,
      workspaceId,
    };
  }, 60_000);
  afterAll(async () => {
    for (const { kill } of processes) await kill('SIGKILL');
    for (const worker of workers) await worker.stop();
    await read().target.close();
    await read().temporal.connection.close();
  }, 60_000);

  const asUser = async <Row extends pg.QueryResultRow>(name: string, args: Readonly<Record<string, unknown>>): Promise<Row> => {
    const client = await db.owner.connect();
    try {
      await client.query('begin');
      await client.query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)", [
        JSON.stringify({ role: 'authenticated', sub: read().userId }),
      ]);
      const row = await callRow<Row>(client, name, args);
      await client.query('commit');
      return row;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };

  return {
    db,
    taskQueue,
    get target() {
      return read().target;
    },
    get temporal() {
      return read().temporal;
    },
    get userId() {
      return read().userId;
    },
    get workspaceId() {
      return read().workspaceId;
    },
    startWorker: async (settings = {}, options = {}) => {
      const config = readConfig({ ...settingsOf(db, read().target, taskQueue), ...settings });
      const worker = await createWorker({
        config,
        log: createLog({ level: config.DURABASE_LOG_LEVEL, format: 'text', program: 'worker' }),
        ...options,
      });
      workers.push(worker);
      await eventually(async () => {
        if (!Object.values(await worker.readiness()).every(Boolean)) throw new Error('not ready');
      });
      return worker;
    },
    spawnWorker: async (settings = {}) => {
      const spawned = await spawnProcess({ ...settingsOf(db, read().target, taskQueue), ...settings });
      processes.push(spawned);
      return spawned;
    },
    call: asUser,
    saveTask: async (definition) => {
      const { id } = await asUser<{ readonly id: string }>('durabase.save_task', { definition });
      const version = await eventually(async () => {
        const [row] = (
          await db.owner.query<{ state: string; problems: unknown }>(
            'select state, problems from durabase.task_versions where id = $1',
            [id],
          )
        ).rows;
        if (row === undefined || row.state === 'draft') throw new Error('still a draft');
        return row;
      });
      if (version.state !== 'ready') throw new Error(JSON.stringify(version.problems));
    },
    startRun: async (task, input = {}, more = {}) =>
      (await asUser<{ readonly id: string }>('durabase.start_run', { task, input: JSON.stringify(input), ...more })).id,
    finished: (runId, timeoutMs = 20_000) =>
      eventually(
        async () => {
          const run = await findRun(db.owner, runId);
          if (run.finished_at === null)
            throw new Error(`the run is ${run.state}: ${JSON.stringify(run.reason ?? run.stalled_reason)}`);
          return run;
        },
        { timeoutMs },
      ),
    events: async (runId) =>
      (
        await db.owner.query('select seq::int, kind, step_id, data from durabase.run_events where run_id = $1 order by seq', [
          runId,
        ])
      ).rows,
    audit: async (runId) =>
      (
        await db.owner.query<{ action: string; actor_kind: string }>(
          'select action, actor_kind from durabase.audit_log where entity_id = $1 order by n',
          [runId],
        )
      ).rows.map((row) => `${row.action} by ${row.actor_kind}`),
    statusInTemporal: async (runId) => (await read().temporal.workflow.getHandle(`run-${runId}`).describe()).status.name,
  };
}
