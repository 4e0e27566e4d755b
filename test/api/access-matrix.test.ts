import { METHODS as ALL_METHODS } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { API_KEY_SCOPES, type ApiKeyScope } from '@durabase/contracts/api/api-key';
import type { Route } from '../../src/api/route.ts';
import { scopesOf } from '../../src/api/scopes.ts';
import { createLittleWorld, fill, type LittleWorld } from './support/little-world.ts';
import { askFor, asWho } from './support/ask-for.ts';
import { operationOf, OPERATIONS, ROUTES, WHO, type Who } from './support/operations.ts';
import { rawRequest } from './support/raw-request.ts';
import { type CallOptions, SECRET_KEY } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

/** All that a server of Node understands; CONNECT never comes to an app. */
const METHODS = ALL_METHODS.filter((method) => method !== 'CONNECT');
/** Refuses those who may not, whatever else is wrong; says 409, 410 or 422 to those who may. */
const OUT: readonly number[] = [401, 403, 404];
const used = useApi();

const ask = (name: string, route: Route, world: LittleWorld, options: CallOptions) =>
  askFor<{ code?: string; detail?: string }>(used.api, { name, route, world, options });
/** Those who are refused first: what those do who get in may end what the others ask about. */
const inOrder = (allowed: readonly Who[]): readonly Who[] => [...WHO.filter((who) => !allowed.includes(who)), ...allowed];

/** A key that its admin makes in the world, with this scope. */
const keyOf = async (scope: ApiKeyScope, { users, names }: LittleWorld): Promise<{ readonly id: string } & CallOptions> => {
  const json = { name: scope, scopes: [scope], workspace: names['workspace'] };
  const { body } = await used.api.call<{ key: string; id: string }>('POST', '/api/v1/api-keys', { as: users.admin, json });
  return { id: body.id, headers: { apikey: body.key } };
};

it('expects something of every route, and of nothing else', () => {
  expect(Object.keys(OPERATIONS).toSorted()).toEqual(ROUTES.map(([name]) => name).toSorted());
});

describe.each(ROUTES)('%s', (name, route) => {
  const { who } = operationOf(name);

  it('takes no other method', async () => {
    const ofPath = ROUTES.filter(([, { path }]) => path === route.path).map(([, { method }]) => String(method));
    const path = fill(route.path, {});
    for (const method of METHODS.filter((candidate) => !ofPath.includes(candidate))) {
      const answer = await rawRequest(
        used.api.url,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\napikey: ${SECRET_KEY}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      const [, status] = /^HTTP\/1\.1 (\d+) /.exec(answer) ?? [];
      const [, allow] = /^allow: (.*)\r$/im.exec(answer) ?? [];
      expect({ method, status, allow }).toEqual({ method, status: '405', allow: ofPath.toSorted().join(', ') });
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
    if (who === 'public') return;
    const opening = scopesOf(route);
    const opens = (scope: ApiKeyScope): boolean => opening !== undefined && (scope === 'admin' || opening.includes(scope));
    const world = await createLittleWorld(used.database.owner, name);
    for (const scope of API_KEY_SCOPES.filter((candidate) => !opens(candidate))) {
      const { status } = await ask(name, route, world, await keyOf(scope, world));
      expect({ scope, status }).toEqual({ scope, status: 403 });
    }
    for (const scope of API_KEY_SCOPES.filter(opens)) {
      const fresh = await createLittleWorld(used.database.owner, name);
      const { status, text } = await ask(name, route, fresh, await keyOf(scope, fresh));
      const isIn = !OUT.includes(status);
      if (isIn !== who.includes('admin')) expect({ scope, isIn, text }).toEqual({ scope, isIn: !isIn, text });
    }
  });

  it('keeps out keys of elsewhere, and keys that are revoked', async () => {
    if (who === 'public') return;
    const [world, elsewhere] = [
      await createLittleWorld(used.database.owner, name),
      await createLittleWorld(used.database.owner, 'elsewhere'),
    ];
    for (const scope of API_KEY_SCOPES) {
      const foreign = await keyOf(scope, elsewhere);
      const { status, text } = await ask(name, route, world, foreign);
      const isIn = !OUT.includes(status);
      // where it gets in, everybody does, and sees what is his own
      if (isIn && !who.includes('otherOwner')) expect({ scope, isIn, text }).toEqual({ scope, isIn: false, text });
      await used.api.call('DELETE', `/api/v1/api-keys/${foreign.id}`, { as: elsewhere.users.admin });
      expect((await ask(name, route, world, foreign)).body.code).toBe('UNAUTHENTICATED');
    }
  });
});

/** What the caller before has taken away is not there any more for the next one. */
const isMadeUseless = (name: string, text: string): boolean =>
  /^(?:delete|remove|leave|unshare|accept|transfer)/.test(name) && /NOT_FOUND|FORBIDDEN/.test(text);
