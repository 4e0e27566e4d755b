import type { Problem } from '@durabase/contracts';

/** A check that the thread is asked for, as JSON texts; without a value only the schema is looked at. */
export interface SchemaJob {
  readonly schema: string;
  readonly value?: string;
}

/** What the thread found. */
export type Verdict =
  /** The schema itself cannot be used: INVALID_TASK problems. */
  | { readonly kind: 'unusable'; readonly problems: readonly Problem[] }
  /** INVALID_INPUT problems of the value; none when it fits, or when there was no value. */
  | { readonly kind: 'checked'; readonly problems: readonly Problem[] };

/** What the thread sends: once without a verdict, when it is ready, then one for each job. */
export interface ThreadMessage {
  readonly verdict?: Verdict;
  /** Processor time of the thread since it began, in milliseconds: what the next job uses is counted from here. */
  readonly cpuMs: number;
}
