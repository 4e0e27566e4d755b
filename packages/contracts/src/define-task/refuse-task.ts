import { PlatformError, type Problem } from '../errors.ts';
import { formatPath } from '../json-path.ts';

type Path = readonly (string | number | symbol)[];

/** One thing that is wrong with a task, where, and what to do. */
export const taskProblem = (at: Path, message: string, hint?: string): Problem => ({
  code: 'INVALID_TASK',
  path: formatPath(at),
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Throws INVALID_TASK with every problem; the message names the first with path and cure. */
export const refuseTask = (slug: unknown, problems: readonly Problem[]): never => {
  const [first] = problems;
  const { path = '', message = 'is not valid', hint } = first ?? {};
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new PlatformError('INVALID_TASK', {
    message: `task${slug === undefined ? '' : ` ${JSON.stringify(slug)}`}: ${path === '' ? '' : `${path}: `}${message}${hint === undefined ? '' : `; ${hint}`}${more}`,
    path,
    ...(hint === undefined ? {} : { hint }),
    problems,
  });
};
