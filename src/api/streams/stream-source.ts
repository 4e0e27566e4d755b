import type { Queryable } from '../../ports/db.ts';

/** One message of a stream. */
export interface StreamMessage {
  /** What a client that was cut off comes back with. @default none */
  readonly id?: number;
  readonly event: string;
  readonly data: unknown;
}

/** What is new in a stream. */
export interface StreamPage {
  readonly messages: readonly StreamMessage[];
  /** Number of the last message; the one that was asked with when there are none. */
  readonly lastSeq: number;
  /** More may be there already. */
  readonly isFull: boolean;
  /** Nothing will follow: the message that says so. */
  readonly end?: StreamMessage;
}

/** What a stream tells of. */
export interface StreamSource {
  /** Under which its news are known: `run:<id>`, or the name under which a feed is numbered. */
  readonly key: string;
  /** Number of the last message that the client has. */
  readonly after: number;
  /** In a transaction of the caller: row-level security decides each time. Throws what the caller is to be refused with. */
  read(tx: Queryable, after: number): Promise<StreamPage>;
}
