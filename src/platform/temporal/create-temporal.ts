import { PlatformError } from '@durabase/contracts';
import { Client, isGrpcServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { ADMITTED_SIGNAL, type RunTaskArgument, type SignalMark } from '../../workflows/run-task.messages.ts';
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
    throw new PlatformError('TEMPORAL_UNAVAILABLE', { cause: error, message: `Temporal: ${error instanceof Error ? error.message : 'unknown'}` });
  }
}

/** {@link TemporalPort} over a client, which should share its connection with the worker: then runs start eagerly in it. */
export function createTemporal({ client, taskQueue }: { readonly client: Client; readonly taskQueue: string }): TemporalPort {
  const { namespace } = client.options;
  const { workflowService } = client;

  const start = async (run: AdmittedRun): Promise<void> => {
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
          requestEagerStart: true,
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
  };

  async function* listSince(since: Date): AsyncIterable<readonly SeenExecution[]> {
    const from = since.toISOString();
    const query = `WorkflowType = 'runTask' AND TaskQueue = '${taskQueue}' AND (CloseTime > '${from}' OR StartTime > '${from}')`;
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await orAbsent(() =>
        workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE_SIZE, ...(nextPageToken === undefined ? {} : { nextPageToken }) }),
      );
      yield (page?.executions ?? []).map(toSeen);
      nextPageToken = page?.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken !== undefined);
  }

  return {
    start,
    signalAdmitted: async (workflowId) => {
      const mark: SignalMark = { by: 'dispatcher' };
      return (await orAbsent(async () => (await client.workflow.getHandle(workflowId).signal(ADMITTED_SIGNAL, mark), true))) ?? false;
    },
    cancel: async (workflowId) => (await orAbsent(async () => (await client.workflow.getHandle(workflowId).cancel(), true))) ?? false,
    listSince,
    describe: async (workflowId, runId) => {
      const described = await orAbsent(() =>
        workflowService.describeWorkflowExecution({ namespace, execution: { workflowId, ...(runId === undefined ? {} : { runId }) } }),
      );
      return described === undefined ? undefined : toDescribed(described);
    },
    readOpening: async (workflowId, runId) => {
      const history = await orAbsent(() =>
        workflowService.getWorkflowExecutionHistory({ namespace, execution: { workflowId, runId }, maximumPageSize: 50 }),
      );
      return history === undefined ? undefined : decodeMarker(history.history?.events ?? [], client.options.loadedDataConverter);
    },
  };
}
