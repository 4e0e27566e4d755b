import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import pg from 'pg';
import { readConfig } from '../../../src/config.ts';
import { createWorker } from '../../../src/create-worker.ts';
import { createLog } from '../../../src/platform/log/create-log.ts';
import { asUser } from '../../support/as-role.ts';
import { createUser } from '../../support/build-rows.ts';
import { type Args, callRow, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { closeSharedServers, sharePostgres, shareTemporal } from '../../support/shared-servers.ts';
import { createTestDatabase, readTestEnv } from '../../support/test-database.ts';
import { ACTIONS } from './actions.ts';
import { type RunWatch, WITHIN, watchRuns } from './watch-runs.ts';

/** Name of the queue in every history. */
const TASK_QUEUE = 'durabase';

/** The whole product with one worker, outside of Jest, for drives that make runs of one shape each. */
export interface RecordingEngine extends RunWatch {
  readonly owner: pg.Pool;
  readonly temporal: Client;
  readonly taskQueue: string;
  /** Calls a function of the database as the user. */
  call<Row extends pg.QueryResultRow>(name: string, args: Args): Promise<Row>;
  saveTask(definition: TaskDraft): Promise<void>;
  /** Saves a task and starts a run of it. */
  startRun(definition: TaskDraft, input?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Starts a task as somebody does by Temporal's CLI. */
  startByHand(workflowId: string, task: string): Promise<string>;
  close(): Promise<void>;
}

/** What a drive says of a task. */
export type TaskDraft = Readonly<Record<string, unknown>> & { readonly slug: string };

async function startParts(workflowBundle: string | undefined) {
  await Promise.all([sharePostgres(), shareTemporal()]);
  const database = await createTestDatabase();
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 5 });
  const [address, namespace] = [readTestEnv('temporalAddress'), readTestEnv('temporalNamespace')];
  const config = readConfig({
    DURABASE_ENVIRONMENT: 'local',
    DURABASE_DATABASE_URL: database.engineUrl,
    DURABASE_SUPABASE_URL: 'http://127.0.0.1:9',
    DURABASE_TEMPORAL_ADDRESS: address,
    DURABASE_TEMPORAL_NAMESPACE: namespace,
    DURABASE_TASK_QUEUE: TASK_QUEUE,
    DURABASE_LOG_LEVEL: 'silent',
    DURABASE_SHUTDOWN_GRACE_MS: '0',
  });
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => undefined) });
  const log = createLog({ level: 'silent', format: 'text', program: 'worker' });
  const worker = await createWorker({ config, log, actions: ACTIONS, workflowBundle });
  await eventually(async () => {
    if (!Object.values(await worker.readiness()).every(Boolean)) throw new Error('the worker is not ready');
  }, WITHIN);
  const temporal = new Client({ connection: await Connection.connect({ address }), namespace });
  const close = async (): Promise<void> => {
    await worker.stop();
    await temporal.connection.close();
    await owner.end();
    await database.drop();
    await closeSharedServers();
  };
  return { owner, temporal, close };
}

/** Starts the engine, with the workflows of this commit or of a bundle. */
export async function startEngine(workflowBundle?: string): Promise<RecordingEngine> {
  const { owner, temporal, close } = await startParts(workflowBundle);
  const userId = await createUser(owner);
  const workspace = await readValue<string>(owner, 'select id from durabase.workspaces where personal_user_id = $1', [userId]);
  const call: RecordingEngine['call'] = (name, args) => asUser(owner, userId, (client) => callRow(client, name, args));
  const saveTask: RecordingEngine['saveTask'] = async (definition) => {
    const { id } = await call<{ readonly id: string }>('durabase.save_task', { definition });
    await eventually(async () => {
      const { rows } = await owner.query('select state, problems from durabase.task_versions where id = $1', [id]);
      if (rows[0]?.state !== 'ready') throw new Error(`${definition.slug}: ${JSON.stringify(rows[0])}`);
    }, WITHIN);
  };
  return {
    ...watchRuns({ owner, temporal }),
    owner,
    temporal,
    taskQueue: TASK_QUEUE,
    call,
    saveTask,
    startRun: async (definition, input = {}) => {
      await saveTask(definition);
      const args = { task: definition.slug, input: JSON.stringify(input) };
      return (await call<{ readonly id: string }>('durabase.start_run', args)).id;
    },
    startByHand: async (workflowId, task) => {
      await temporal.workflow.start('runTask', { workflowId, taskQueue: TASK_QUEUE, args: [{ workspace, task }] });
      const query = 'select id from durabase.task_runs where workflow_id = $1';
      return eventually(async () => {
        const runId = await readValue<string | undefined>(owner, query, [workflowId]);
        if (runId === undefined) throw new Error(`${workflowId} has not been adopted`);
        return runId;
      }, WITHIN);
    },
    close,
  };
}
