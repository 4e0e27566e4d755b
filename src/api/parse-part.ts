import { PlatformError, type Problem } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import type { z } from 'zod';

const MAX_PROBLEMS = 50;

/** A part of a request as its schema lets it through. Throws INVALID_REQUEST with every problem. */
export function parsePart<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(toProblems).slice(0, MAX_PROBLEMS);
  const path = problems[0]?.path ?? '';
  throw new PlatformError('INVALID_REQUEST', {
    message: `${path === '' ? 'the request' : path}: ${problems[0]?.message ?? 'is not valid'}`,
    ...(path === '' ? {} : { path }),
    problems,
  });
}

const toProblems = (issue: z.core.$ZodIssue): readonly Problem[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ code: 'INVALID_REQUEST', path: formatPath([...issue.path, key]), message: 'is not known here' }))
    : [{ code: 'INVALID_REQUEST', path: formatPath(issue.path), message: issue.message }];
