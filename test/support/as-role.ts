import type pg from 'pg';

type Claims = Readonly<Record<string, unknown>>;

export interface Acting {
  /** Role of the session, as the Data API would set it. */
  readonly role: string;
  /** Undefined: the session has none. */
  readonly claims?: Claims;
}

type Work<Result> = (client: pg.ClientBase) => Promise<Result>;

/** Runs `work` in a transaction with this role and these claims, and commits it; an error rolls it back. */
export const asRole = async <Result>(pool: pg.Pool, { role, claims }: Acting, work: Work<Result>): Promise<Result> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
      role,
      claims === undefined ? '' : JSON.stringify(claims),
    ]);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
};

/** As somebody who is signed in. */
export const asUser = <Result>(pool: pg.Pool, userId: string, work: Work<Result>): Promise<Result> =>
  asRole(pool, { role: 'authenticated', claims: claimsOf(userId) }, work);

/** As a visitor with nothing but the publishable key. */
export const asAnonymous = <Result>(pool: pg.Pool, work: Work<Result>): Promise<Result> =>
  asRole(pool, { role: 'anon', claims: { role: 'anon' } }, work);

/** As a program with the secret key. */
export const asService = <Result>(pool: pg.Pool, work: Work<Result>): Promise<Result> =>
  asRole(pool, { role: 'service_role', claims: { role: 'service_role' } }, work);

export const claimsOf = (userId: string): Claims => ({ sub: userId, role: 'authenticated', email: `${userId}@example.test` });
