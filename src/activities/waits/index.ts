import { ACTIONS, type ActionContract } from '@durabase/contracts';
import { externalWait } from './external.ts';
import { runTaskWait } from './run-task.ts';
import { sleepWait } from './sleep.ts';
import { waitForEvent } from './wait-for-event.ts';
import type { WaitHandler } from './wait-handler.ts';

type Contract = (typeof ACTIONS)[number];

/** Actions that the workflow itself carries out, by a wait. */
export type WaitType = 'sleep' | 'wait-for-event' | 'external' | 'run-task';

const HANDLERS: { readonly [Type in WaitType]: WaitHandler<Extract<Contract, { readonly type: Type }>> } = {
  sleep: sleepWait,
  'wait-for-event': waitForEvent,
  external: externalWait,
  'run-task': runTaskWait,
};

/** A wait and its contract, by the name of the action; `undefined` when it is none. */
export function findWait(action: string): { readonly contract: ActionContract; readonly handler: WaitHandler } | undefined {
  const contract = ACTIONS.find(({ type }) => type === action);
  const handler: unknown = Object.hasOwn(HANDLERS, action) ? HANDLERS[action as WaitType] : undefined;
  return contract === undefined || handler === undefined ? undefined : { contract, handler: handler as WaitHandler };
}
