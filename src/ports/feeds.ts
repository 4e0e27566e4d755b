/** The newest link of the audit's chain. */
export interface Seal {
  readonly seal: number;
  /** SHA-256 in hexadecimal digits; whoever keeps it elsewhere can tell later whether the log was changed. */
  readonly hash: string;
  /** How many audit rows it covers. */
  readonly rows: number;
  /** More rows may be waiting. */
  readonly isFull: boolean;
}

/** What was done with the changes that had come. */
export interface Sequenced {
  /** How many changes got their numbers. */
  readonly count: number;
  /** Another worker is numbering right now; nothing was done. */
  readonly isBusy: boolean;
}

/** Feeds and audit, as those see them who keep them in order. */
export interface FeedsPort {
  /** Numbers what has come and tells the followers. Any number of workers may ask. */
  sequence(): Promise<Sequenced>;
  /** Forgets changes and idempotency keys of calls that are too old to be asked for; returns how many. */
  prune(): Promise<number>;
  /** Chains audit rows; `undefined` when there were none, or another worker is at it. */
  sealAudit(): Promise<Seal | undefined>;
  /** Writes the words by which runs are found, for one batch of what has changed; returns whether more may be waiting. */
  indexRuns(): Promise<boolean>;
  /** Takes or keeps the lead: whether this worker is the one that looks by itself. */
  lead(): Promise<boolean>;
  leave(): Promise<void>;
}
