import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type RegisteredAction, builtInActions } from './activities/actions/index.ts';
import { createCompile } from './domain/plan/compile-for-workspace.ts';
import { createActivities } from './activities/index.ts';
import type { Config } from './config.ts';
import { createRunCheck } from './dispatcher/check-runs.ts';
import { createDispatcher } from './dispatcher/create-dispatcher.ts';
import { createCatalog } from './domain/plan/create-catalog.ts';
import { createDb } from './platform/db/create-db.ts';
import { createFeeds } from './platform/feeds/create-feeds.ts';
import { createHttpClient } from './platform/http/index.ts';
import { createJsonSchema } from './platform/json-schema/index.ts';
import { createMirror } from './platform/mirror/create-mirror.ts';
import { createQueue } from './platform/queue/create-queue.ts';
import { createReconciling } from './platform/reconciling/create-reconciling.ts';
import { createConfigSecrets } from './platform/secrets/config-secrets.ts';
import { bundleWorkflows } from './platform/temporal/bundle-workflows.ts';
import { createDataConverter } from './platform/temporal/data-converter.ts';
import { decodeKeys } from './platform/temporal/decode-keys.ts';
import { superviseWorker } from './platform/temporal/supervise-worker.ts';
import { createWorkspaceLookup } from './platform/temporal/workspace-lookup.ts';
import type { Log } from './ports/log.ts';
import type { MirrorPort } from './ports/mirror.ts';
import { createReconciler } from './reconciler/create-reconciler.ts';
import { createSequencer } from './sequencer/create-sequencer.ts';

/** How long a started run may take to open before another dispatcher tries. */
const CLAIM_MS = 10_000;
/** Time that attempts have to end after they were cancelled at shutdown. */
const FORCE_AFTER_MS = 10_000;
const PING = { name: 'ping', text: 'select 1' };

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  readonly config: Config;
  readonly log: Log;
  /** Actions of the application beside the built-in ones. @default none */
  readonly actions?: readonly RegisteredAction[];
  /** File with the bundled workflows. @default bundled at the start */
  readonly workflowBundle?: string | undefined;
}

/** A running worker: it executes workflows and actions, dispatches, numbers changes, and reconciles when it leads. */
export interface RunningWorker {
  /** What works and what does not; all true means ready. */
  readiness(): Promise<Readonly<Record<'database' | 'temporal', boolean>>>;
  /** Lets running attempts end within their grace, then closes everything. */
  stop(): Promise<void>;
}

/** Everything that neither Temporal nor the queue is part of. */
function createParts({ config, log, actions = [] }: WorkerOptions) {
  const db = createDb({
    url: config.DURABASE_DATABASE_URL,
    applicationName: 'durabase worker',
    poolSize: config.DURABASE_DATABASE_POOL_SIZE,
    ...(config.DURABASE_DATABASE_ROLE === undefined ? {} : { setRole: config.DURABASE_DATABASE_ROLE }),
    log,
  });
  const http = createHttpClient({ allow: config.DURABASE_OUTGOING_ALLOW });
  const schemas = createJsonSchema({});
  const secrets = createConfigSecrets(config.DURABASE_SECRETS ?? {});
  const registered = [...builtInActions({ http }), ...actions];
  const compile = createCompile({ actions: createCatalog(registered.map(({ contract }) => contract)), secrets, schemas });
  const close = async (): Promise<void> => {
    await schemas.close();
    await http.close();
    await db.close();
  };
  return { db, schemas, secrets, registered, compile, close };
}

type Parts = ReturnType<typeof createParts>;

/** Which build the worker is, where workers are versioned. */
const findVersion = ({ DURABASE_DEPLOYMENT_NAME: deploymentName, DURABASE_BUILD_ID: buildId }: Config) =>
  deploymentName === undefined || buildId === undefined ? undefined : { deploymentName, buildId };

/** The Temporal worker with its workflows and activities, under supervision. */
async function startTemporalWorker(
  options: WorkerOptions,
  { secrets, registered }: Parts,
  links: { mirror: MirrorPort; wake: () => void; workerId: string },
) {
  const { config, log, workflowBundle } = options;
  const { mirror, wake, workerId } = links;
  const keys = decodeKeys(config.DURABASE_CODEC_KEYS);
  return superviseWorker({
    address: config.DURABASE_TEMPORAL_ADDRESS,
    namespace: config.DURABASE_TEMPORAL_NAMESPACE,
    taskQueue: config.DURABASE_TASK_QUEUE,
    tls: config.DURABASE_TEMPORAL_TLS,
    apiKey: config.DURABASE_TEMPORAL_API_KEY,
    dataConverter: createDataConverter(keys, createWorkspaceLookup(mirror)),
    version: findVersion(config),
    worker: {
      identity: workerId,
      workflowBundle: await bundleWorkflows({ isEncoded: keys.length > 0, file: workflowBundle }),
      activities: createActivities({ mirror, secrets, log, actions: registered, onAdopted: wake }),
      maxCachedWorkflows: config.DURABASE_MAX_CACHED_WORKFLOWS,
      maxConcurrentActivityTaskExecutions: config.DURABASE_MAX_CONCURRENT_STEPS,
      shutdownGraceTime: config.DURABASE_SHUTDOWN_GRACE_MS,
      // What does not listen to its cancellation is left to the next worker.
      shutdownForceTime: config.DURABASE_SHUTDOWN_GRACE_MS + FORCE_AFTER_MS,
    },
    log,
  });
}

/** Starts a worker. It comes up, and stays up, also while Postgres or Temporal are away. */
export async function createWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, log } = options;
  const parts = createParts(options);
  const { db, schemas, compile } = parts;
  const workerId = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const sequencer = createSequencer({ feeds: createFeeds({ db, workerId }), log });
  // The mirror tells the dispatcher of freed permits, and the dispatcher needs the worker that writes the mirror.
  let wake = (): void => undefined;
  const mirror = createMirror({ db, onFreed: () => wake(), onWritten: sequencer.wake });
  const supervised = await startTemporalWorker(options, parts, { mirror, wake: () => wake(), workerId });
  const queue = createQueue({
    db,
    url: config.DURABASE_DATABASE_URL,
    maxOpening: config.DURABASE_MAX_OPENING_RUNS,
    claimMs: CLAIM_MS,
    log,
  });
  const dispatcher = createDispatcher({
    queue,
    temporal: supervised.temporal,
    check: createRunCheck({ mirror, schemas }),
    compile,
    log,
  });
  wake = dispatcher.wake;
  const listening = queue.onWork(() => {
    dispatcher.wake();
    sequencer.wake(); // what the API has accepted
  });
  const reconciler = createReconciler({
    mirror: createReconciling({ db, workerId, taskQueue: config.DURABASE_TASK_QUEUE }),
    temporal: supervised.temporal,
    isPolling: supervised.isPolling,
    intervalMs: config.DURABASE_RECONCILE_INTERVAL_MS,
    log,
  });
  const stop = async (): Promise<void> => {
    // Nothing new first, then what runs, then what it needs; what was written last is still told.
    await listening.close();
    await dispatcher.stop();
    await supervised.stop();
    await reconciler.stop();
    await sequencer.stop();
    await parts.close();
  };
  let stopping: Promise<void> | undefined;
  return {
    readiness: async () => ({
      database: await db.query(PING, []).then(
        () => true,
        () => false,
      ),
      temporal: await supervised.isPolling(),
    }),
    stop: () => (stopping ??= stop()),
  };
}
