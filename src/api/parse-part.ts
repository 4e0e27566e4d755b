import { PlatformError, type Problem } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import { z } from 'zod';
import { suggestName } from '../domain/plan/suggest-name.ts';

const MAX_PROBLEMS = 50;

/** A part of a request as its schema lets it through. Throws INVALID_REQUEST with every problem. */
export function parsePart<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const problems = parsed.error.issues.flatMap((issue) => toProblems(issue, known)).slice(0, MAX_PROBLEMS);
  const { path = '', message = 'is not valid', hint } = problems[0] ?? {};
  throw new PlatformError('INVALID_REQUEST', {
    message: `${path === '' ? 'the request' : path}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    ...(path === '' ? {} : { path }),
    problems,
  });
}

const toProblems = (issue: z.core.$ZodIssue, known: readonly string[]): readonly Problem[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({
        code: 'INVALID_REQUEST',
        path: formatPath([...issue.path, key]),
        message: 'is not known here',
        // Names are known here for the outermost object alone.
        ...(issue.path.length === 0 && known.length > 0 ? { hint: suggestName(key, known) } : {}),
      }))
    : [{ code: 'INVALID_REQUEST', path: formatPath(issue.path), message: issue.message }];
