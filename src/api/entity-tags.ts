import { PlatformError } from '@durabase/contracts';

/** What a request says of the tags that it knows. */
export interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

interface Tagged {
  readonly task: { readonly updatedAt: string };
  readonly version: { readonly id: string } | null;
}

/** The tag of a task with its newest version: another one after every save, and after all else that the answer shows. */
export const tagOfTask = ({ task, version }: Tagged): string => `"${version?.id ?? 'none'}.${Date.parse(task.updatedAt)}"`;

/** Whether the caller has this already, so that it need not be sent. */
export const isKnown = (tag: string | undefined, { ifNoneMatch }: Conditions): boolean =>
  tag !== undefined && ifNoneMatch !== undefined && (ifNoneMatch.trim() === '*' || listTags(ifNoneMatch).includes(tag));

/**
 * Refuses a save that is based on something else than what is there. `before` is the version that the save has just replaced, in
 * the same transaction; undefined: there was none. Throws PRECONDITION_FAILED.
 */
export function checkConditions({ ifMatch, ifNoneMatch }: Conditions, before: string | undefined): void {
  if (ifNoneMatch !== undefined && before !== undefined) {
    throw new PlatformError('PRECONDITION_FAILED', {
      message: 'If-None-Match says that there is no such task yet, but there is',
      hint: 'read it, and save with If-Match and its ETag',
      path: 'If-None-Match',
    });
  }
  if (ifMatch === undefined) return;
  const isMatched =
    before !== undefined && (ifMatch.trim() === '*' || listTags(ifMatch).some((tag) => versionOf(tag) === before));
  if (isMatched) return;
  throw new PlatformError('PRECONDITION_FAILED', {
    message:
      before === undefined ? 'If-Match says that there is such a task, but there is none' : 'somebody else has saved in between',
    hint: 'read it again, look at the difference, and save with its new ETag',
    path: 'If-Match',
  });
}

const listTags = (header: string): readonly string[] => header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
/** A save may also name the version on which it is based by its id alone. */
const versionOf = (tag: string): string | undefined => /^"([0-9a-f-]{36})(?:\.\d+)?"$/.exec(tag)?.[1];
