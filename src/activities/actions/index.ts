import { ACTIONS, type ActionContract } from '@durabase/contracts';
import type { z } from 'zod';
import type { ActionHandler } from '../../ports/action.ts';
import type { HttpPort } from '../../ports/http.ts';
import type { WaitType } from '../waits/index.ts';
import { createHttp } from './http.ts';

type Contract = (typeof ACTIONS)[number];

/** A handler for each built-in action that is an activity. */
export type Handlers = {
  readonly [Type in Exclude<Contract['type'], WaitType>]: ActionHandler<
    z.output<Extract<Contract, { readonly type: Type }>['input']>,
    z.input<Extract<Contract, { readonly type: Type }>['output']>
  >;
};

/** What the handlers ask for together. */
export interface ActionPorts {
  readonly http: HttpPort;
}

/** Every built-in handler. A contract without its line here does not compile. */
export const createHandlers = ({ http }: ActionPorts): Handlers => ({
  http: createHttp({ http }),
});

/** An action and its handler, built in or brought by an application. */
export interface RegisteredAction {
  readonly contract: ActionContract;
  readonly handler?: ActionHandler<never, unknown>;
}

/** The built-in actions with their handlers. */
export const builtInActions = (ports: ActionPorts): readonly RegisteredAction[] => {
  const handlers: Readonly<Record<string, ActionHandler<never, unknown>>> = createHandlers(ports);
  return ACTIONS.map((contract) => {
    const handler = handlers[contract.type];
    return handler === undefined ? { contract } : { contract, handler };
  });
};
