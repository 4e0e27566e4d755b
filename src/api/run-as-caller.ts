import type { Db, Identity, UserTransaction } from '../ports/db.ts';
import { isConflict } from '../platform/db/sql-errors.ts';

const MAX_TRIES = 3;

/** One transaction with the rights of the caller; done anew when the database broke a deadlock by refusing it. */
export async function runAsCaller<Result>(
  { db, identity }: { readonly db: Db; readonly identity: Identity },
  work: (tx: UserTransaction) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.asUser(identity, work);
    } catch (error) {
      if (tries >= MAX_TRIES || !isConflict(error)) throw error;
    }
  }
}
