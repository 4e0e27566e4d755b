import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type RegisteredAction, builtInActions } from './activities/actions/index.ts';
import { createCompile } from './domain/plan/compile-for-workspace.ts';
import { createActivities } from './activities/index.ts';
import type { Config } from './config.ts';
import { createRunCheck } from './dispatcher/check-runs.ts';
import { createDispatcher, type Dispatcher } from './dispatcher/create-dispatcher.ts';
import { createCatalog } from './domain/plan/create-catalog.ts';
import { createDb } from './platform/db/create-db.ts';
import { createHttpClient } from './platform/http/index.ts';
import { createJsonSchema } from './platform/json-schema/index.ts';
import { createMirror } from './platform/mirror/create-mirror.ts';
import { createQueue } from './platform/queue/create-queue.ts';
import { createReconciling } from './platform/reconciling/create-reconciling.ts';
import { createConfigSecrets } from './platform/secrets/config-secrets.ts';
import { bundleWorkflows } from './platform/temporal/bundle-workflows.ts';
import { createDataConverter, decodeKeys } from './platform/temporal/data-converter.ts';
import { superviseWorker } from './platform/temporal/supervise-worker.ts';
import { createWorkspaceLookup } from './platform/temporal/workspace-lookup.ts';
import type { Log } from './ports/log.ts';
import { createReconciler } from './reconciler/create-reconciler.ts';

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  readonly config: Config;
  readonly log: Log;
  /** Actions of the application beside the built-in ones. @default none */
  readonly actions?: readonly RegisteredAction[];
  /** File with the bundled workflows. @default bundled at the start */
  readonly workflowBundle?: string | undefined;
}

/** A running worker: it executes workflows and actions, dispatches, and reconciles when it leads. */
export interface RunningWorker {
  /** What works and what does not; all true means ready. */
  readiness(): Promise<Readonly<Record<'database' | 'temporal', boolean>>>;
  /** Lets running attempts end within their grace, then closes everything. */
  stop(): Promise<void>;
}

/** Starts a worker. It comes up, and stays up, also while Postgres or Temporal are away. */
export async function createWorker({ config, log, actions = [], workflowBundle }: WorkerOptions): Promise<RunningWorker> {
  const workerId = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const taskQueue = config.DURABASE_TASK_QUEUE;
  const url = config.DURABASE_DATABASE_URL;
  const db = createDb({ url, applicationName: 'durabase worker', poolSize: config.DURABASE_DATABASE_POOL_SIZE, ...(config.DURABASE_DATABASE_ROLE === undefined ? {} : { setRole: config.DURABASE_DATABASE_ROLE }), log });
  const http = createHttpClient({ allow: config.DURABASE_OUTGOING_ALLOW });
  const schemas = createJsonSchema({});
  const secrets = createConfigSecrets(config.DURABASE_SECRETS ?? {});
  const registered = [...builtInActions({ http }), ...actions];
  const catalog = createCatalog(registered.map(({ contract }) => contract));

  // The dispatcher needs the worker's connection and the mirror tells the dispatcher of freed permits.
  let dispatcher: Dispatcher | undefined = undefined as Dispatcher | undefined;
  const wake = (): void => dispatcher?.wake();
  const mirror = createMirror({ db, onFreed: wake });
  const queue = createQueue({ db, url, maxOpening: config.DURABASE_MAX_OPENING_RUNS, claimMs: 10_000, log });

  const keys = decodeKeys(config.DURABASE_CODEC_KEYS);
  const workflows = await bundleWorkflows({ isEncoded: keys.length > 0, file: workflowBundle });
  const supervised = superviseWorker({
    address: config.DURABASE_TEMPORAL_ADDRESS,
    namespace: config.DURABASE_TEMPORAL_NAMESPACE,
    taskQueue,
    tls: config.DURABASE_TEMPORAL_TLS,
    apiKey: config.DURABASE_TEMPORAL_API_KEY,
    dataConverter: createDataConverter(keys, createWorkspaceLookup(mirror)),
    worker: {
      identity: workerId,
      workflowBundle: workflows,
      activities: createActivities({ mirror, secrets, log, actions: registered, onAdopted: wake }),
      maxCachedWorkflows: config.DURABASE_MAX_CACHED_WORKFLOWS,
      maxConcurrentActivityTaskExecutions: config.DURABASE_MAX_CONCURRENT_STEPS,
      shutdownGraceTime: config.DURABASE_SHUTDOWN_GRACE_MS,
    },
    log,
  });
  dispatcher = createDispatcher({
    queue,
    temporal: supervised.temporal,
    check: createRunCheck({ mirror, schemas }),
    compile: createCompile({ actions: catalog, secrets, schemas }),
    log,
  });
  const reconciler = createReconciler({
    mirror: createReconciling({ db, workerId, taskQueue }),
    temporal: supervised.temporal,
    isPolling: supervised.isPolling,
    intervalMs: config.DURABASE_RECONCILE_INTERVAL_MS,
    log,
  });

  return {
    readiness: async () => ({
      database: await db.query({ name: 'ping', text: 'select 1' }, []).then(() => true, () => false),
      temporal: await supervised.isPolling(),
    }),
    stop: async () => {
      // Nothing new first, then what runs, then what it needs.
      await dispatcher?.stop();
      await supervised.stop();
      await reconciler.stop();
      await schemas.close();
      await http.close();
      await db.close();
    },
  };
}
