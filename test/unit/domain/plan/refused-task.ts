import type { ErrorCode } from '@durabase/contracts';

/** A wrong task, with its one problem: path, message (or its beginning), hint, and the code unless it is INVALID_TASK. */
export interface RefusedTask {
  readonly title: string;
  readonly task: unknown;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
  readonly code?: ErrorCode;
}
