import type { ErrorCode, Problem } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';

/** A problem of a task, with code INVALID_TASK unless told otherwise. */
export const problem = (
  at: readonly (string | number | symbol)[],
  message: string,
  { hint, code = 'INVALID_TASK' }: { readonly hint?: string | undefined; readonly code?: ErrorCode } = {},
): Problem => ({ code, path: formatPath(at), message, ...(hint === undefined ? {} : { hint }) });
