import type { Queryable } from '../ports/db.ts';
import { claimCall, keepAnswer, type Kept, type KeyedCall } from './queries/kept-calls.ts';

/** The call, and the key under which its caller may ask again; without one it is simply done. */
export type MaybeKeyedCall = Omit<KeyedCall, 'key'> & { readonly key: string | undefined };

/** What a call does, and how its answer is found again. */
export interface Deed<Made, Memory extends Kept> {
  make(): Promise<Made>;
  /** What is kept: ids, never a secret. A key or token that is told once would lie in the database for days. */
  remember(made: Made): Memory;
  /** What was made, as the caller sees it now; refused when he no longer does. */
  recall(kept: Memory): Promise<Made>;
}

export interface Done<Made> {
  readonly made: Made;
  /** The same call was done before. */
  readonly isReplayed: boolean;
}

/**
 * Does a deed once for each idempotency key, in the transaction of the deed: what fails keeps nothing, and of many who ask at
 * once one does it. Throws IDEMPOTENCY_CONFLICT.
 */
export async function once<Made, Memory extends Kept>(
  tx: Queryable,
  call: MaybeKeyedCall,
  { make, remember, recall }: Deed<Made, Memory>,
): Promise<Done<Made>> {
  const { key } = call;
  if (key === undefined) return { made: await make(), isReplayed: false };
  const keyed = { ...call, key };
  const kept = await claimCall<Memory>(tx, keyed);
  if (kept !== undefined) return { made: await recall(kept), isReplayed: true };
  const made = await make();
  await keepAnswer(tx, keyed, remember(made));
  return { made, isReplayed: false };
}
