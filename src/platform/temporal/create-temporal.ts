import { PlatformError } from '@durabase/contracts';
import { type Client, isGrpcServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { ADMITTED_SIGNAL, type RunTaskArgument, type SignalMark, WAKE_SIGNAL } from '../../workflows/run-task.messages.ts';
import type { AdmittedRun } from '../../ports/queue.ts';
import type { SeenExecution, TemporalPort } from '../../ports/temporal.ts';
import { decodeMarker, toDescribed, toSeen } from './read-execution.ts';

/** Search attributes of every run, to find it in Temporal's Web UI and CLI. */
export const WORKSPACE_ATTRIBUTE = defineSearchAttributeKey('DurabaseWorkspace', SearchAttributeType.KEYWORD);
/** See {@link WORKSPACE_ATTRIBUTE}. */
export const TASK_ATTRIBUTE = defineSearchAttributeKey('DurabaseTask', SearchAttributeType.KEYWORD);

/** Short, so that a worker's death costs seconds. */
const WORKFLOW_TASK_TIMEOUT = '5 seconds';
const NOT_FOUND = 5;
const PAGE_SIZE = 1_000;

/** Temporal says no such thing, or it is closed; everything else of gRPC means that it is away. */
async function orAbsent<Answer>(call: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) return undefined;
    throw new PlatformError('TEMPORAL_UNAVAILABLE', {
      cause: error,
      message: `Temporal: ${error instanceof Error ? error.message : 'unknown'}`,
    });
  }
}

interface Reach {
  readonly client: Client;
  readonly taskQueue: string;
  /** Whether the workers are versioned: then Temporal says which build takes a new run. */
  readonly isVersioned: boolean;
}

/**
 * Eagerly where the client's connection is that of a worker in this process: the first task comes with the answer. Temporal
 * (server 1.31) would give it to this worker also when another build is the current one.
 */
async function startRun(run: AdmittedRun, { client, taskQueue, isVersioned }: Reach): Promise<void> {
  const args: [RunTaskArgument] = [{ runId: run.runId }];
  try {
    await orAbsent(() =>
      client.workflow.start('runTask', {
        taskQueue,
        workflowId: run.workflowId,
        args,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
        requestEagerStart: !isVersioned,
        staticSummary: run.taskName.slice(0, 200),
        typedSearchAttributes: new TypedSearchAttributes([
          { key: WORKSPACE_ATTRIBUTE, value: run.workspaceId },
          { key: TASK_ATTRIBUTE, value: run.taskSlug },
        ]),
      }),
    );
  } catch (error) {
    // It ran and closed before: the reconciler tells what became of it.
    if (error instanceof PlatformError && error.cause instanceof WorkflowExecutionAlreadyStartedError) return;
    throw error;
  }
}

async function* listSince(since: Date, { client, taskQueue }: Reach): AsyncIterable<readonly SeenExecution[]> {
  const { namespace } = client.options;
  const from = since.toISOString();
  const query = `WorkflowType = 'runTask' AND TaskQueue = '${taskQueue}' AND (CloseTime > '${from}' OR StartTime > '${from}')`;
  let nextPageToken: Uint8Array | undefined;
  do {
    const token = nextPageToken === undefined ? {} : { nextPageToken };
    const page = await orAbsent(() =>
      client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE_SIZE, ...token }),
    );
    yield (page?.executions ?? []).map(toSeen);
    nextPageToken = page?.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
}

/** {@link TemporalPort} over a client, which should share its connection with the worker: then runs start eagerly in it. */
export function createTemporal(reach: Reach): TemporalPort {
  const { client } = reach;
  const { namespace, loadedDataConverter } = client.options;
  const { workflowService } = client;
  const signal = async (workflowId: string, name: string): Promise<boolean> => {
    const mark: SignalMark = { by: 'dispatcher' };
    const sent = await orAbsent(() =>
      client.workflow
        .getHandle(workflowId)
        .signal(name, mark)
        .then(() => true),
    );
    return sent ?? false;
  };
  return {
    start: (run) => startRun(run, reach),
    signalAdmitted: (workflowId) => signal(workflowId, ADMITTED_SIGNAL),
    wake: (workflowId) => signal(workflowId, WAKE_SIGNAL),
    cancel: async (workflowId) =>
      (await orAbsent(() =>
        client.workflow
          .getHandle(workflowId)
          .cancel()
          .then(() => true),
      )) ?? false,
    listSince: (since) => listSince(since, reach),
    describe: async (workflowId, runId) => {
      const execution = { workflowId, ...(runId === undefined ? {} : { runId }) };
      const described = await orAbsent(() => workflowService.describeWorkflowExecution({ namespace, execution }));
      return described === undefined ? undefined : toDescribed(described);
    },
    readOpening: async (workflowId, runId) => {
      const execution = { workflowId, runId };
      const found = await orAbsent(() =>
        workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 50 }),
      );
      return found === undefined ? undefined : decodeMarker(found.history?.events ?? [], loadedDataConverter);
    },
  };
}
