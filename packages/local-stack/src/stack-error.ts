/** A failure of the local stack. The message says what happened, with which value, and what to do next. */
export class StackError extends Error {
  override readonly name = 'StackError';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** The message of anything that was thrown. Not by `instanceof`: Node's own errors are of another realm inside Jest. */
export const describeError = (error: unknown): string => {
  const message = readText(error, 'message');
  return message ?? String(error);
};

/** The code of a system error (`ENOENT`) or of a database error (`42P01`). */
export const errorCode = (error: unknown): string | undefined => readText(error, 'code');

const readText = (value: unknown, key: 'message' | 'code'): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const text: unknown = Reflect.get(value, key);
  return typeof text === 'string' ? text : undefined;
};
