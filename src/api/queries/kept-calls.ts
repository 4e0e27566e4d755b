import type { Queryable, Statement } from '../../ports/db.ts';
import { callOne } from './call-one.ts';

const CLAIM: Statement = { name: 'api_claim_call', text: 'select durabase_private.claim_call($1, $2, $3::jsonb) as kept' };
const KEEP: Statement = { name: 'api_keep_answer', text: 'select durabase_private.keep_answer($1, $2, $3::jsonb)' };

/** A call that names itself by an idempotency key. */
export interface KeyedCall {
  /** Name of the operation: keys of one operation say nothing about others. */
  readonly operation: string;
  readonly key: string;
  /** Everything that the caller asked for: parameters, query and body. */
  readonly asked: object;
}

/** What is kept of a call; it travels as JSON. */
export type Kept = string | object;

/** undefined: nobody has asked before, and the key is held until the transaction ends. Throws IDEMPOTENCY_CONFLICT. */
export async function claimCall<Memory extends Kept>(
  tx: Queryable,
  { operation, key, asked }: KeyedCall,
): Promise<Memory | undefined> {
  const { kept } = await callOne<{ kept: Memory | null }>(tx, CLAIM, [operation, key, JSON.stringify(asked)]);
  return kept ?? undefined;
}

/** Of a call that was claimed in this transaction. */
export const keepAnswer = async (tx: Queryable, { operation, key }: KeyedCall, kept: Kept): Promise<void> => {
  await tx.query(KEEP, [operation, key, JSON.stringify(kept)]);
};
