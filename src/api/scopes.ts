import { PlatformError } from '@durabase/contracts';
import type { ApiKeyScope } from '@durabase/contracts/api/api-key';
import type { Route } from './route.ts';

type Rule = readonly [method: 'GET' | 'POST' | 'DELETE', path: RegExp, scopes: readonly ApiKeyScope[]];

/** The first rule that fits decides; a route that none fits is closed to keys. Postgres asks for the scopes once more, row by row. */
const RULES: readonly Rule[] = [
  ['GET', /^\/api\/v1\/(?:runs|payloads|feeds)(?:$|\/)/, ['runs:read']],
  ['GET', /^\/api\/v1\/events$/, ['runs:read']],
  ['GET', /\/permissions$/, ['admin']],
  ['GET', /^\/api\/v1\/tasks(?:$|\/)/, ['tasks:read', 'tasks:write']],
  ['POST', /^\/api\/v1\/tasks\/:task\/diff$/, ['tasks:read', 'tasks:write']],
  ['POST', /^\/api\/v1\/(?:tasks\/:task\/runs|runs|runs\/batch)$/, ['runs:start']],
  ['POST', /^\/api\/v1\/runs\//, ['runs:operate']],
  ['POST', /^\/api\/v1\/tasks(?:$|\/(?:validate|:task\/restore|:task\/versions\/:version\/restore)$)/, ['tasks:write']],
  ['DELETE', /^\/api\/v1\/tasks\/:task$/, ['tasks:write']],
  ['POST', /^\/api\/v1\/events$/, ['events:emit']],
  ['POST', /^\/api\/v1\/uploads$/, ['runs:start']],
  ['GET', /^\/api\/v1\/api-keys$/, ['admin']],
  ['DELETE', /^\/api\/v1\/api-keys\/:apiKey$/, ['admin']],
];

/** Any of these opens the route to an API key, beside `admin`; undefined: no key comes in. */
export const scopesOf = ({ method, path }: Pick<Route, 'method' | 'path'>): readonly ApiKeyScope[] | undefined =>
  RULES.find(([ofMethod, pattern]) => ofMethod === method && pattern.test(path))?.[2];

/** Throws FORBIDDEN when a key with these scopes has no business here. */
export function checkScopes(route: Pick<Route, 'method' | 'path'>, scopes: readonly ApiKeyScope[]): void {
  const opening = scopesOf(route);
  if (opening === undefined)
    throw new PlatformError('FORBIDDEN', { message: 'API keys may not do this', hint: 'sign in as a member of the workspace' });
  if (scopes.includes('admin') || opening.some((scope) => scopes.includes(scope))) return;
  throw new PlatformError('FORBIDDEN', {
    message: `the API key has the scopes ${scopes.join(', ')}, and this needs ${opening.join(' or ')}`,
    hint: 'use a key with this scope',
  });
}
