import { describe, expect, it } from '@jest/globals';
import { API_KEY_SCOPES, type ApiKeyScope } from '@durabase/contracts/api/api-key';
import type { Route } from '../../src/api/route.ts';
import { scopesOf } from '../../src/api/scopes.ts';
import { readValue } from '../support/call.ts';
import { createLittleWorld, fill, type LittleWorld } from './support/little-world.ts';
import { OPERATIONS, ROUTES, WHO, type Operation, type Who } from './support/operations.ts';
import type { CallOptions } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'] as const;
/** Refuses those who may not, whatever else is wrong; says 409, 410 or 422 to those who may. */
const OUT: readonly number[] = [401, 403, 404];
const used = useApi();

const operationOf = (name: string): Operation => {
  const operation = OPERATIONS[name];
  if (operation === undefined) throw new Error(`nothing is expected of ${name}: say so in test/api/support/operations.ts`);
  return operation;
};

const ask = async (name: string, route: Route, world: LittleWorld, options: CallOptions) => {
  const { json, query = '' } = operationOf(name);
  const path = fill(route.path + query, world.names);
  const body = json === undefined ? {} : { json: json(world.names) };
  return used.api.call<{ code?: string; detail?: string }>(route.method, path, { ...options, ...body });
};
const asWho = (who: Who, { users }: LittleWorld): CallOptions => (who === 'service' ? { asService: true } : { as: users[who] });
/** Those who are refused first: what those do who get in may end what the others ask about. */
const inOrder = (allowed: readonly Who[]): readonly Who[] => [...WHO.filter((who) => !allowed.includes(who)), ...allowed];

const keyOf = async (scope: ApiKeyScope, { users, names }: LittleWorld): Promise<CallOptions> => {
  const json = { name: scope, scopes: [scope], workspace: names['workspace'] };
  const { body } = await used.api.call<{ key: string }>('POST', '/api/v1/api-keys', { as: users.admin, json });
  return { headers: { apikey: body.key } };
};

it('expects something of every route, and of nothing else', () => {
  expect(Object.keys(OPERATIONS).toSorted()).toEqual(ROUTES.map(([name]) => name).toSorted());
});

describe.each(ROUTES)('%s', (name, route) => {
  const { who, auditRows, auditAs } = operationOf(name);

  it('takes no other method', async () => {
    const ofPath = ROUTES.filter(([, { path }]) => path === route.path).map(([, { method }]) => method);
    const hidden = ROUTES.some(
      ([, { path }]) => path !== route.path && new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(route.path),
    );
    for (const method of METHODS.filter((candidate) => !ofPath.includes(candidate))) {
      const { status, headers } = await used.api.call(method, fill(route.path, {}), { asService: true });
      expect({ method, status }).toEqual({ method, status: 405 });
      if (!hidden) expect(headers.get('allow')).toBe(ofPath.toSorted().join(', '));
    }
  });

  it('lets in whom it is meant for', async () => {
    const world = await createLittleWorld(used.database.owner, name);
    if (who === 'public') {
      expect(OUT).not.toContain((await ask(name, route, world, {})).status);
      return;
    }
    const expired = await used.api.auth.sign(world.users.owner, { lifeSeconds: -1 });
    const anybody = await used.api.auth.sign(world.users.owner, { claims: { role: 'anon' } });
    expect((await ask(name, route, world, {})).body.code).toBe('UNAUTHENTICATED');
    expect((await ask(name, route, world, { headers: { authorization: `Bearer ${expired}` } })).body.code).toBe('TOKEN_EXPIRED');
    expect((await ask(name, route, world, { headers: { authorization: `Bearer ${anybody}` } })).body.code).toBe(
      'UNAUTHENTICATED',
    );
    for (const caller of inOrder(who)) {
      const { status, text } = await ask(name, route, world, asWho(caller, world));
      const isIn = !OUT.includes(status);
      if (isIn !== who.includes(caller) && !isMadeUseless(name, text))
        expect({ caller, isIn, text }).toEqual({ caller, isIn: !isIn, text });
    }
  });

  it('lets a key in by its scope, where its member gets in', async () => {
    const world = await createLittleWorld(used.database.owner, name);
    if (who === 'public') return;
    const opening = scopesOf(route);
    for (const scope of API_KEY_SCOPES.filter((candidate) => opening?.includes(candidate) !== true && candidate !== 'admin')) {
      expect({ scope, status: (await ask(name, route, world, await keyOf(scope, world))).status }).toEqual({
        scope,
        status: 403,
      });
    }
    for (const scope of opening ?? []) {
      const fresh = await createLittleWorld(used.database.owner, name);
      const { status, text } = await ask(name, route, fresh, await keyOf(scope, fresh));
      const isIn = !OUT.includes(status);
      if (isIn !== who.includes('admin')) expect({ scope, isIn, text }).toEqual({ scope, isIn: !isIn, text });
    }
  });

  it(`leaves ${auditRows} rows in the audit log`, async () => {
    const world = await createLittleWorld(used.database.owner, name);
    const count = () => readValue<number>(used.database.owner, 'select count(*)::int from durabase.audit_log');
    const before = await count();
    const caller: CallOptions = who === 'public' ? {} : asWho(auditAs ?? (who.includes('owner') ? 'owner' : 'service'), world);
    const { status, text } = await ask(name, route, world, caller);
    if (auditRows > 0) expect({ isDone: status < 300, text }).toEqual({ isDone: true, text });
    expect({ rows: (await count()) - before, text: text.slice(0, 300) }).toEqual({ rows: auditRows, text: text.slice(0, 300) });
  });
});

/** What the caller before has taken away is not there any more for the next one. */
const isMadeUseless = (name: string, text: string): boolean =>
  /^(?:delete|remove|leave|unshare|accept|transfer)/.test(name) && /NOT_FOUND|FORBIDDEN/.test(text);
