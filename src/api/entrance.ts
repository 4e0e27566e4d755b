import { isPlatformError } from '@durabase/contracts';
import type { Request } from 'express';
import type { Identity } from '../ports/db.ts';
import type { Limits } from './limits/limits.ts';
import type { Authenticate, Caller } from './middleware/authenticate.ts';
import type { Route } from './route.ts';
import { checkScopes } from './scopes.ts';

export interface EntranceOptions {
  readonly authenticate: Authenticate;
  readonly limits: Limits;
}

/** Whoever passes may ask the route; undefined: it asks nobody who he is. */
export type Entrance = (route: Route, request: Request) => Promise<Identity | undefined>;

/** Addresses are counted before anything is looked up, callers as soon as they are known. */
export function createEntrance({ authenticate, limits }: EntranceOptions): Entrance {
  const identify = async (request: Request, address: string): Promise<Caller> => {
    try {
      return await authenticate(request);
    } catch (error) {
      if (isPlatformError(error) && error.code === 'UNAUTHENTICATED') await limits.noteRefusal(address);
      throw error;
    }
  };
  return async (route, request) => {
    const address = request.ip ?? '';
    if (route.access === 'public') {
      if (route.method !== 'GET') await limits.checkWithoutLogin(address); // what is read is no secret, and probes ask often
      return undefined;
    }
    await limits.checkAddress(address);
    const { identity, scopes } = await identify(request, address);
    await limits.checkCaller(identity);
    if (scopes !== undefined) checkScopes(route, scopes);
    return identity;
  };
}
