import { ERRORS, type ErrorCode } from '@durabase/contracts';
import type { Route } from '../route.ts';
import { refusalsOf } from './refusals.ts';

/** Operations share what they refuse alike. */
export const nameRefusal = (status: number, codes: readonly ErrorCode[]): string => `${status}.${codes.join('.')}`;

/** Every refusal of these routes, by its name. */
export const describeRefusals = (routes: readonly Route[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    routes
      .flatMap((route) => [...refusalsOf(route)].filter(([status]) => route.answers[status] === undefined))
      .map(([status, codes]) => [nameRefusal(status, codes), describeRefusal(status, codes)]),
  );

const header = (name: string) => ({ $ref: `#/components/headers/${name}` });

function describeRefusal(status: number, codes: readonly ErrorCode[]): object {
  const isWait = status === 429 || status === 503;
  const said = { properties: { status: { const: status }, code: { enum: codes } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    headers: {
      'X-Request-Id': header('XRequestId'),
      ...(isWait ? { 'Retry-After': header('RetryAfter') } : {}),
      ...(status === 401 ? { 'WWW-Authenticate': header('WWWAuthenticate') } : {}),
    },
    content: {
      'application/problem+json': { schema: { allOf: [{ $ref: '#/components/schemas/ProblemBody' }, said] } },
    },
  };
}
