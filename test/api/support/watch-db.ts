import type { Db, Queryable, SqlValue } from '../../../src/ports/db.ts';

/** Hears of a statement, by its name, before it runs. */
export type StatementListener = (name: string, values: readonly SqlValue[]) => void;

/** The same database, with somebody who hears of each statement. */
export function watchDb(db: Db, onStatement: StatementListener): Db {
  const watch = <Inner extends Queryable>(inner: Inner): Inner => ({
    ...inner,
    query: (statement, values) => {
      onStatement(statement.name, values);
      return inner.query(statement, values);
    },
  });
  return {
    ...watch(db),
    transaction: (work) => db.transaction((tx) => work(watch(tx))),
    asUser: (identity, work) => db.asUser(identity, (tx) => work(watch(tx))),
  };
}
