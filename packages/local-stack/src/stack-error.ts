/** A failure of the local stack. The message says what happened, with which value, and what to do next. */
export class StackError extends Error {
  override readonly name = 'StackError';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** The message of anything that was thrown. */
export const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of a system error (`ENOENT`) or of a database error (`42P01`). */
export const errorCode = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
};
