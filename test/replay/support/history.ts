/** A payload as Temporal's CLI prints it. */
export interface Payload {
  readonly data?: string;
}

interface Named {
  readonly name?: string;
}

/** What we read of an event of a history, in the JSON of Temporal's CLI. */
export interface HistoryEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly userMetadata?: { readonly summary?: Payload };
  readonly markerRecordedEventAttributes?: {
    readonly markerName?: string;
    readonly failure?: object;
    readonly details?: Readonly<Record<string, { readonly payloads?: readonly Payload[] }>>;
  };
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityId?: string;
    readonly activityType?: Named;
  };
  readonly timerStartedEventAttributes?: { readonly timerId?: string };
  readonly activityTaskStartedEventAttributes?: { readonly scheduledEventId?: string; readonly attempt?: number };
  readonly activityTaskCancelRequestedEventAttributes?: { readonly scheduledEventId?: string };
  readonly workflowExecutionSignaledEventAttributes?: { readonly signalName?: string };
  readonly workflowTaskFailedEventAttributes?: { readonly cause?: string };
}

/** A history in the JSON of Temporal's CLI. */
export interface History {
  readonly events: readonly HistoryEvent[];
}

/** The value in a payload; `undefined` where there is none. */
export const readPayload = (payload: Payload | undefined): unknown =>
  payload?.data === undefined ? undefined : (JSON.parse(Buffer.from(payload.data, 'base64').toString()) as unknown);
