import pg from 'pg';
import type { Db, Identity, Queryable, SqlValue, Statement, UserTransaction } from '../../ports/db.ts';
import type { Log } from '../../ports/log.ts';
import { fromSqlError, type SqlError } from './sql-errors.ts';

/** Options of {@link createDb}. */
export interface DbOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Connections at most. @default 10 */
  readonly poolSize?: number;
  /** Role to take after connecting, where the login role is another one (shared poolers). @default none */
  readonly setRole?: string;
  readonly log: Log;
}

/** Far above what any statement of ours takes. */
const QUERY_TIMEOUT_MS = 30_000;

const BEGIN: Statement = { name: 'begin', text: 'begin' };
const COMMIT: Statement = { name: 'commit', text: 'commit' };
const ROLLBACK: Statement = { name: 'rollback', text: 'rollback' };
const BECOME: Statement = {
  name: 'become',
  text: "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('request.jwt.claim.sub', coalesce($2::jsonb ->> 'sub', ''), true)",
};
const STEP_OUT: Statement = {
  name: 'step_out',
  text: "select set_config('role', 'none', true), set_config('request.jwt.claims', '', true)",
};

const asQueryable = (client: pg.Pool | pg.PoolClient): Queryable => ({
  query: async <Row>(statement: Statement, values: readonly SqlValue[]) => {
    try {
      const result = await client.query({ name: statement.name, text: statement.text, values: [...values] });
      return result.rows as Row[];
    } catch (error) {
      throw fromSqlError(error as SqlError);
    }
  },
});

const ignoreLoss = (): void => undefined; // the statement that it breaks tells its caller

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    const client = await pool.connect();
    // The pool stops listening while a client is out; an unheard error would end this process.
    if (!client.listeners('error').includes(ignoreLoss)) client.on('error', ignoreLoss);
    return client;
  } catch (error) {
    throw fromSqlError(error as SqlError);
  }
}

/** Postgres through a pool of `pg`, with prepared statements and a pool that survives the server's restarts. */
export function createDb({ url, applicationName, poolSize = 10, setRole, log }: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A server that has gone silent must not hold its callers until TCP gives up.
    query_timeout: QUERY_TIMEOUT_MS,
    ...(setRole === undefined ? {} : { options: `-c role=${setRole}` }),
  });
  // Without a handler a server that goes away ends this process.
  pool.on('error', (error) => log.warn('db.connection-lost', { reason: error.message }));

  const transaction = async <Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> => {
    const client = await connect(pool);
    const tx = asQueryable(client);
    try {
      await tx.query(BEGIN, []);
      const result = await work(tx);
      await tx.query(COMMIT, []);
      client.release();
      return result;
    } catch (error) {
      // A client whose rollback fails is in an unknown state: the pool must not hand it out again.
      const broken = await tx.query(ROLLBACK, []).then(
        () => undefined,
        (failure: Error) => failure,
      );
      client.release(broken);
      throw error;
    }
  };

  const asUser = <Result>(identity: Identity, work: (tx: UserTransaction) => Promise<Result>): Promise<Result> =>
    transaction(async (tx) => {
      const become = () => tx.query(BECOME, [identity.role, identity.claims]);
      await become();
      return work({
        query: tx.query,
        asSelf: async (inner) => {
          await tx.query(STEP_OUT, []);
          const result = await inner(tx);
          await become();
          return result;
        },
      });
    });

  return { ...asQueryable(pool), transaction, asUser, close: () => pool.end() };
}
