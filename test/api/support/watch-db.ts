import type { Db, Queryable } from '../../../src/ports/db.ts';

/** The same database; each statement is told by its name before it runs. */
export function watchDb(db: Db, onStatement: (name: string) => void): Db {
  const watch = <Inner extends Queryable>(inner: Inner): Inner => ({
    ...inner,
    query: (statement, values) => {
      onStatement(statement.name);
      return inner.query(statement, values);
    },
  });
  return {
    ...watch(db),
    transaction: (work) => db.transaction((tx) => work(watch(tx))),
    asUser: (identity, work) => db.asUser(identity, (tx) => work(watch(tx))),
  };
}
