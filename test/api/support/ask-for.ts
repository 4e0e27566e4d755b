import type { Route } from '../../../src/api/route.ts';
import { fill, type LittleWorld } from './little-world.ts';
import { operationOf, type Who } from './operations.ts';
import type { CallOptions, CallResult, TestApi } from './test-api.ts';

export interface Question {
  /** Of the operation. */
  readonly name: string;
  readonly route: Pick<Route, 'method' | 'path'>;
  readonly world: LittleWorld;
  readonly options: CallOptions;
}

/** Asks for an operation with what `operations.ts` says of it, about what the world has. */
export const askFor = <Body>(api: TestApi, { name, route, world, options }: Question): Promise<CallResult<Body>> => {
  const { json, query = '' } = operationOf(name);
  const body = json === undefined ? {} : { json: json(world.names) };
  return api.call<Body>(route.method, fill(route.path + query, world.names), { ...options, ...body });
};

export const asWho = (who: Who, { users }: LittleWorld): CallOptions =>
  who === 'service' ? { asService: true } : { as: users[who] };
