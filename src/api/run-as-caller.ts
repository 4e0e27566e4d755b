import type { Db, Identity, UserTransaction } from '../ports/db.ts';
import type { SqlErrors } from './ports.ts';

/** One transaction with the rights of the caller; done anew when the database broke a deadlock by refusing it. */
export type RunAsCaller = <Result>(identity: Identity, work: (tx: UserTransaction) => Promise<Result>) => Promise<Result>;

const MAX_TRIES = 3;

export const createRunAsCaller =
  ({ db, sqlErrors }: { readonly db: Db; readonly sqlErrors: SqlErrors }): RunAsCaller =>
  async (identity, work) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await db.asUser(identity, work);
      } catch (error) {
        if (tries >= MAX_TRIES || !sqlErrors.isConflict(error)) throw error;
      }
    }
  };
