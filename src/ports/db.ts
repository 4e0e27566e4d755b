/** A value that goes to Postgres as a parameter. Objects travel as JSON text. */
export type SqlValue = string | number | boolean | null | Date | readonly string[];

/** Something that runs statements: the pool, or one transaction. */
export interface Queryable {
  /**
   * Runs a named prepared statement.
   * Throws PlatformError: DATABASE_UNAVAILABLE when the server cannot be reached, the code of a refusal raised by our own
   * functions, INTERNAL for everything else.
   */
  query<Row>(statement: Statement, values: readonly SqlValue[]): Promise<Row[]>;
}

/** A statement is prepared once per connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Who a call is made for: what the Data API would set for the same token. */
export interface Identity {
  readonly role: 'anon' | 'authenticated' | 'service_role';
  /** Claims of the token, as JSON text. */
  readonly claims: string;
}

/** Postgres. */
export interface Db extends Queryable {
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** A transaction in which the role and the claims are those of the caller: row-level security decides. */
  asUser<Result>(identity: Identity, work: (tx: UserTransaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** A transaction as a user, which can step out of that role for what only our own programs may do. */
export interface UserTransaction extends Queryable {
  asSelf<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
}
