import { isDurabaseError } from '@durabase/client';

/** An error for people. */
export interface DescribedError {
  readonly title: string;
  readonly hint: string | undefined;
  /** Whether it is not for this person, rather than broken. */
  readonly isNoAccess: boolean;
}

const NO_ACCESS: readonly string[] = ['NO_ACCESS', 'FORBIDDEN', 'RUN_NOT_FOUND', 'TASK_NOT_FOUND', 'WORKSPACE_NOT_FOUND'];

export const describeError = (error: unknown): DescribedError => {
  if (!isDurabaseError(error)) {
    return { title: error instanceof Error ? error.message : String(error), hint: undefined, isNoAccess: false };
  }
  return { title: sentence(plain(error.message)), hint: error.hint, isNoAccess: NO_ACCESS.includes(error.code) };
};

/** Without what browsers call a connection that failed. */
export const plain = (text: string): string =>
  text.replace(/: (TypeError: )?(Failed to fetch|NetworkError[^.]*\.?|Load failed)$/, '');

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
