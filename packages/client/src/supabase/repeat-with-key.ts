import { isDurabaseError } from '../errors.ts';

const MAX_TRIES_WITH_KEY = 3;

/** Calls again where no answer came, if there is a key that makes the second call the same as the first. */
export const repeatWithKey = async <Result>(idempotencyKey: string | undefined, call: () => Promise<Result>): Promise<Result> => {
  const maxTries = idempotencyKey === undefined ? 1 : MAX_TRIES_WITH_KEY;
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      // Nobody knows whether the first one arrived.
      const isUnknown = isDurabaseError(error) && error.retryable && tries < maxTries;
      if (!isUnknown) throw error;
    }
  }
};
