import { PlatformError } from '@durabase/contracts';
import type { Queryable, SqlValue, Statement } from '../../ports/db.ts';
import { speakApi } from '../in-api-words.ts';

/** The row of a call that always gives one; its refusals in the words of the API. */
export async function callOne<Row>(tx: Queryable, statement: Statement, values: readonly SqlValue[]): Promise<Row> {
  const [row] = await speakApi(tx.query<Row>(statement, values));
  if (row === undefined) throw new PlatformError('INTERNAL', { cause: new Error(`${statement.name} gave no row`) });
  return row;
}
