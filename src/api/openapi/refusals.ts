import { ERRORS, type ErrorCode } from '@durabase/contracts';
import type { Route } from '../route.ts';

const STARTS: readonly ErrorCode[] = ['TASK_NOT_FOUND', 'TASK_NOT_READY', 'INVALID_INPUT', 'WORKSPACE_AMBIGUOUS', 'QUEUE_FULL'];
const SAVES: readonly ErrorCode[] = ['INVALID_TASK', 'SLUG_TAKEN', 'VERSION_CONFLICT', 'TASK_NOT_FOUND'];

/** Codes with which a route may refuse, by what it is made of. */
const RULES: readonly (readonly [(route: Route) => boolean, readonly ErrorCode[]])[] = [
  [
    () => true,
    ['INVALID_REQUEST', 'INVALID_STRING', 'UNSUPPORTED_MEDIA_TYPE', 'RATE_LIMITED', 'DATABASE_UNAVAILABLE', 'INTERNAL'],
  ],
  [({ access }) => access === 'caller', ['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'FORBIDDEN', 'AUTH_UNAVAILABLE']],
  [({ body }) => body !== undefined, ['INVALID_JSON', 'BODY_TOO_LARGE']],
  [(route) => speaksOf(route, 'workspace'), ['WORKSPACE_NOT_FOUND', 'WORKSPACE_AMBIGUOUS']],
  [(route) => speaksOf(route, 'task'), ['TASK_NOT_FOUND', 'WORKSPACE_NOT_FOUND', 'WORKSPACE_AMBIGUOUS']],
  [({ path }) => path.includes('/tasks/:task'), ['TASK_NOT_FOUND']],
  [({ path }) => path.includes(':version') || path.endsWith('/diff'), ['VERSION_NOT_FOUND']],
  [({ path }) => path.includes('/runs/:run'), ['RUN_NOT_FOUND']],
  [({ path, method }) => path.includes('/runs/:run/') && method === 'POST', ['RUN_FINISHED']],
  [
    ({ path }) => path.includes('/steps/:step') || path.includes('/step-tokens/'),
    ['STEP_NOT_FOUND', 'STEP_FINISHED', 'RUN_FINISHED'],
  ],
  [({ path }) => /\/(?:complete|fail)$/.test(path), ['OUTPUT_TOO_LARGE']],
  [({ path }) => path.endsWith('/fork'), ['STEP_NOT_FOUND', 'STEP_NOT_KEPT']],
  [
    ({ path }) => /\/(?:retry|rerun|fork)$/.test(path),
    ['RUN_NOT_FINISHED', 'STEP_NOT_KEPT', 'TASK_NOT_READY', 'TASK_NOT_FOUND', 'INVALID_INPUT'],
  ],
  [({ method, path }) => method === 'POST' && /\/runs(?:\/batch|\/:run\/retry|\/:run\/rerun|\/:run\/fork)?$/.test(path), STARTS],
  [({ takesIdempotencyKey }) => takesIdempotencyKey, ['IDEMPOTENCY_CONFLICT']],
  [({ method, path }) => method === 'POST' && /^\/api\/v1\/tasks(?:\/validate|\/.*\/restore)?$/.test(path), SAVES],
  [({ path }) => path.includes('/feeds/:feed'), ['FEED_NOT_FOUND', 'CHANGES_PRUNED']],
  [({ stream }) => stream !== undefined, ['TOO_MANY_STREAMS', 'CHANGES_PRUNED']],
  [({ path }) => path.includes('/payloads/'), ['PAYLOAD_NOT_FOUND']],
  [({ path }) => path.includes('/workspaces/:workspace'), ['WORKSPACE_NOT_FOUND']],
  [({ path, method }) => path.endsWith('/workspaces/:workspace') && method === 'DELETE', ['WORKSPACE_BUSY']],
  [({ path }) => /\/(?:members\/:user|leave|transfer)$/.test(path), ['MEMBER_NOT_FOUND', 'LAST_OWNER']],
  [({ path }) => /\/invitations\/./.test(path), ['INVITATION_NOT_FOUND', 'INVITATION_ENDED']],
  [({ path, method }) => path.endsWith('/:workspace/invitations') && method === 'POST', ['ALREADY_MEMBER']],
  [
    ({ path, method }) => /\/workspaces$|\/permissions\/:user$/.test(path) && ['POST', 'PUT'].includes(method),
    ['USER_NOT_FOUND'],
  ],
];

function speaksOf({ query, body }: Route, field: string): boolean {
  return [query, body].some((schema) => fieldsOf(schema).includes(field));
}

const fieldsOf = (schema: unknown): readonly string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const { shape, unwrap } = schema as { readonly shape?: object; readonly unwrap?: () => unknown };
  if (shape !== undefined) return Object.keys(shape);
  return unwrap === undefined ? [] : fieldsOf(unwrap.call(schema));
};

/** With which codes a route may refuse, by status. */
export function refusalsOf(route: Route): ReadonlyMap<number, readonly ErrorCode[]> {
  const codes = new Set([...RULES.flatMap(([applies, added]) => (applies(route) ? added : [])), ...(route.refuses ?? [])]);
  const sorted = [...codes].sort((a, b) => ERRORS[a].status - ERRORS[b].status || a.localeCompare(b));
  return Map.groupBy(sorted, (code) => ERRORS[code].status);
}
