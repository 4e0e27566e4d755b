import { type History, type HistoryEvent, readPayload } from './history.ts';

const ENDS: Readonly<Record<string, string>> = {
  EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: 'completed',
  EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: 'failed',
  EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: 'cancelled',
  EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: 'continued as new',
  EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: 'cancellation arrives',
  EVENT_TYPE_TIMER_CANCELED: 'timer cancelled',
};

const nameOfActivity = ({ events }: History, scheduledEventId: string | undefined): string =>
  events.find(({ eventId }) => eventId === scheduledEventId)?.activityTaskScheduledEventAttributes?.activityType?.name ?? '?';

function describeMarker({ markerRecordedEventAttributes: marker }: HistoryEvent): string {
  const data = readPayload(marker?.details?.['data']?.payloads?.[0] ?? marker?.details?.['patch-data']?.payloads?.[0]);
  const { activity_type: type, id } = (data ?? {}) as { readonly activity_type?: string; readonly id?: string };
  if (marker?.markerName === 'core_patch') return `patch ${id ?? '?'}`;
  return `local ${type ?? '?'}${marker?.failure === undefined ? '' : ' failed'}`;
}

/** An event as a short line, such as `local openRun`, `pick`, `timer nap`, `cancel pick`; `undefined` for what only keeps the wheels turning. */
export function describeEvent(event: HistoryEvent, history: History): string | undefined {
  const end = ENDS[event.eventType];
  if (end !== undefined) return end;
  const started = event.activityTaskStartedEventAttributes;
  switch (event.eventType) {
    case 'EVENT_TYPE_MARKER_RECORDED':
      return describeMarker(event);
    case 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED':
      return event.activityTaskScheduledEventAttributes?.activityType?.name;
    case 'EVENT_TYPE_ACTIVITY_TASK_STARTED':
      return (started?.attempt ?? 1) > 1
        ? `attempt ${started?.attempt} of ${nameOfActivity(history, started?.scheduledEventId)}`
        : undefined;
    case 'EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED':
      return `cancel ${nameOfActivity(history, event.activityTaskCancelRequestedEventAttributes?.scheduledEventId)}`;
    case 'EVENT_TYPE_TIMER_STARTED':
      return ['timer', readPayload(event.userMetadata?.summary)].filter((word) => typeof word === 'string').join(' ');
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED':
      return `signal ${event.workflowExecutionSignaledEventAttributes?.signalName ?? '?'}`;
    case 'EVENT_TYPE_WORKFLOW_TASK_FAILED':
      return event.workflowTaskFailedEventAttributes?.cause?.endsWith('RESET_WORKFLOW') === true ? 'reset' : undefined;
    default:
      return undefined;
  }
}

/** What happened in a history, in order. */
export const describeHistory = (history: History): readonly string[] =>
  history.events.flatMap((event) => describeEvent(event, history) ?? []);

/** Lines in one, with those that repeat counted. */
export function joinLines(lines: readonly string[]): string {
  const counted: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = counted.at(-1);
    if (last?.line === line) last.count += 1;
    else counted.push({ line, count: 1 });
  }
  return counted.map(({ line, count }) => (count === 1 ? line : `${line} ×${count}`)).join(' → ');
}
