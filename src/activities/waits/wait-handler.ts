import { type ActionContract, type Json, parseDurationMs } from '@durabase/contracts';
import type { z } from 'zod';
import type { ArmedWait } from '../../ports/mirror.ts';

/** What a wait waits for. Without `wakesAt` it has no time of its own. */
export interface BegunWait {
  readonly wakesAt?: Date;
  readonly wait?: ArmedWait;
}

/** How an action that waits begins, and what it says when its time is over. Pure. */
export interface WaitHandler<Contract extends ActionContract = ActionContract> {
  readonly begin: (input: z.output<Contract['input']>, now: Date) => BegunWait;
  /** `undefined`: to run out of time is a failure. */
  readonly late: (input: z.output<Contract['input']>, now: Date) => { readonly output: Json } | undefined;
}

interface Bounded {
  readonly timeout?: string | undefined;
  readonly onTimeout?: Json | undefined;
}

/** The bound of a wait that somebody else should end. */
export const boundOf = ({ timeout }: Bounded, now: Date): Pick<BegunWait, 'wakesAt'> => {
  const boundMs = timeout === undefined ? undefined : parseDurationMs(timeout);
  return boundMs === undefined ? {} : { wakesAt: new Date(now.getTime() + boundMs) };
};

/** The output that its author chose for a wait that nobody ended. */
export const outputWhenLate = ({ onTimeout }: Bounded): { readonly output: Json } | undefined =>
  onTimeout === undefined ? undefined : { output: onTimeout };
