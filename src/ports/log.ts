/** Facts of a log line: never inputs, outputs or secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Messages are names of events, such as `step.retry-scheduled`. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log that adds these fields to each line. */
  child(fields: LogFields): Log;
}
