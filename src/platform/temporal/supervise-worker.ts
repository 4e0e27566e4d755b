import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Log } from '../../ports/log.ts';
import type { TemporalPort } from '../../ports/temporal.ts';
import { createTemporal } from './create-temporal.ts';

/** A build among the workers of one deployment, for Temporal's worker versioning. */
export interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** Options of {@link superviseWorker}. */
export interface SupervisorOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly tls: boolean;
  readonly apiKey?: string | undefined;
  readonly dataConverter: DataConverter;
  /** Which build of which deployment the worker is. @default none: it takes every run, also those that another build began */
  readonly version?: WorkerVersion | undefined;
  readonly worker: Pick<
    WorkerOptions,
    | 'activities'
    | 'workflowBundle'
    | 'maxCachedWorkflows'
    | 'maxConcurrentActivityTaskExecutions'
    | 'shutdownGraceTime'
    | 'shutdownForceTime'
    | 'identity'
  >;
  readonly log: Log;
}

/** A Temporal worker that is made anew whenever it dies. */
export interface SupervisedWorker {
  /** Temporal through the living worker's connection; `undefined` while there is none. */
  temporal(): TemporalPort | undefined;
  /** Whether tasks are being polled; asks Temporal whether it is there. */
  isPolling(): Promise<boolean>;
  /** Stops polling, lets running attempts end within their grace, and closes the connection. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A worker that lived so long did not die of its start: the next pause is short again. */
const HEALTHY_AFTER_MS = 60_000;
const HEALTH_DEADLINE_MS = 2_000;

/** Pinned: a run ends on the build that began it, whatever becomes current meanwhile. */
const toDeploymentOptions = (version: WorkerVersion): NonNullable<WorkerOptions['workerDeploymentOptions']> => ({
  version,
  useWorkerVersioning: true,
  defaultVersioningBehavior: 'PINNED',
});

interface Living {
  readonly worker: Worker;
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly temporal: TemporalPort;
}

async function makeWorker({
  address,
  namespace,
  taskQueue,
  tls,
  apiKey,
  dataConverter,
  version,
  worker: options,
}: SupervisorOptions): Promise<Living> {
  const connection = await NativeConnection.connect({ address, tls, ...(apiKey === undefined ? {} : { apiKey }) });
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      dataConverter,
      ...options,
      ...(version === undefined ? {} : { workerDeploymentOptions: toDeploymentOptions(version) }),
      // Recovery after a worker's death is as fast as these are short.
      stickyQueueScheduleToStartTimeout: '2 seconds',
      maxHeartbeatThrottleInterval: '1 second',
      defaultHeartbeatThrottleInterval: '1 second',
      maxConcurrentWorkflowTaskExecutions: 40,
      maxConcurrentLocalActivityExecutions: 200,
      // A frozen worker swallows one attempt per open poll, so there are no more polls than throughput needs.
      workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
    });
    const client = new Client({ connection, namespace, dataConverter });
    return { worker, connection, client, temporal: createTemporal({ client, taskQueue, isVersioned: version !== undefined }) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Keeps a worker polling: through outages of Temporal, and through the worker's own end. */
export function superviseWorker(options: SupervisorOptions): SupervisedWorker {
  const { log } = options;
  const stopping = new AbortController();
  let living: Living | undefined;

  const live = async (): Promise<void> => {
    const made = await makeWorker(options);
    try {
      if (stopping.signal.aborted) return;
      const running = made.worker.run();
      living = made;
      log.info('worker.polling', { taskQueue: options.taskQueue, namespace: options.namespace, ...options.version });
      await running;
    } finally {
      living = undefined;
      await made.connection
        .close()
        .catch((error: unknown) => log.warn('worker.connection-not-closed', { reason: String(error) }));
    }
  };

  const supervise = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      try {
        await live();
      } catch (error) {
        log.error('worker.died', { reason: error instanceof Error ? error.message : String(error), nextTryMs: pauseMs });
      }
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      // An aborted pause is the way out of the loop.
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
  const supervised = supervise();

  return {
    temporal: () => living?.temporal,
    isPolling: async () => {
      if (living?.worker.getState() !== 'RUNNING') return false;
      const { client } = living;
      try {
        await client.withDeadline(Date.now() + HEALTH_DEADLINE_MS, () => client.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false; // the answer is the news
      }
    },
    stop: async () => {
      stopping.abort();
      if (living?.worker.getState() === 'RUNNING') living.worker.shutdown();
      await supervised;
    },
  };
}
