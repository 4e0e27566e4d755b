import type { LoadedDataConverter, Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { DescribedExecution, ExecutionStatus, RecordedOpening, SeenExecution } from '../../ports/temporal.ts';

type Info = temporal.api.workflow.v1.IWorkflowExecutionInfo;
type Event = temporal.api.history.v1.IHistoryEvent;

const STATUSES: readonly (ExecutionStatus | undefined)[] = [
  undefined,
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
  'TERMINATED',
  'CONTINUED_AS_NEW',
  'TIMED_OUT',
];

const toMoment = (at: Info['startTime']): string =>
  new Date(Number(at?.seconds ?? 0) * 1_000 + Math.floor((at?.nanos ?? 0) / 1_000_000)).toISOString();

/** Of `temporal.api.enums.v1.PendingWorkflowTaskState`, which only a type import gives here. */
const PENDING_WORKFLOW_TASK_STATE_SCHEDULED = 1;

/** An execution of a list or a description. */
export const toSeen = (info: Info): SeenExecution => ({
  workflowId: info.execution?.workflowId ?? '',
  temporalRunId: info.execution?.runId ?? '',
  firstRunId: info.firstRunId || (info.execution?.runId ?? ''),
  status: STATUSES[info.status ?? 0] ?? 'RUNNING',
  startedAt: toMoment(info.startTime),
});

/** A description, with what is pending. */
export function toDescribed(described: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse): DescribedExecution {
  const { pendingWorkflowTask: task, workflowExecutionInfo: info } = described;
  const version = info?.versioningInfo?.versioningOverride?.pinned?.version ?? info?.versioningInfo?.deploymentVersion;
  const worst = (described.pendingActivities ?? []).toSorted((left, right) => (right.attempt ?? 0) - (left.attempt ?? 0))[0];
  return {
    ...toSeen(info ?? {}),
    worstActivity:
      worst === undefined
        ? undefined
        : {
            type: worst.activityType?.name ?? '',
            attempt: worst.attempt ?? 1,
            lastFailure: worst.lastFailure?.message ?? undefined,
          },
    workflowTaskAttempt: task?.attempt ?? 0,
    ...(task?.state === PENDING_WORKFLOW_TASK_STATE_SCHEDULED ? { waitsForWorkerSince: toMoment(task.scheduledTime) } : {}),
    ...(version?.buildId ? { build: `${version.deploymentName ?? ''}:${version.buildId}` } : {}),
  };
}

/** The answer of the local activity `openRun`, which its marker keeps. */
export async function decodeMarker(
  events: readonly Event[],
  converter: LoadedDataConverter,
): Promise<RecordedOpening | undefined> {
  for (const event of events) {
    const details = event.markerRecordedEventAttributes?.details;
    if (details === undefined || details === null) continue;
    let payloads: Payload[] = [...(details['result']?.payloads ?? [])];
    for (const codec of converter.payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
    const [payload] = payloads;
    if (payload === undefined) continue;
    const value: unknown = converter.payloadConverter.fromPayload(payload);
    if (typeof value === 'object' && value !== null && 'verdict' in value && value.verdict !== 'wait' && 'runId' in value)
      return value as RecordedOpening;
  }
  return undefined;
}
