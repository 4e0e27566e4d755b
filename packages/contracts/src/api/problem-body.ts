import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.ts';

const errorCode = () => z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** One problem of several in one refusal. */
export const problemItem = z.strictObject({
  code: errorCode(),
  path: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** Every refusal of the API, as `application/problem+json`. */
export const problemBody = z.strictObject({
  type: z.string().describe('A URI that names the kind of problem: `urn:durabase:error:<code>`.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('What happened, with which value.'),
  code: errorCode().describe('For programs: a code of the error table.'),
  path: z.string().optional().describe('Where the offending value is, such as `steps[1].with.url`.'),
  hint: z.string().optional().describe('What to do next.'),
  problems: z.array(problemItem).optional(),
  requestId: z.string().describe('Also in the header X-Request-Id and in the log.'),
});

/** Every refusal of the API. */
export type ProblemBody = z.infer<typeof problemBody>;
