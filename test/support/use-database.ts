import { afterAll, beforeAll } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** A database for the tests of one file, with a pool for each role that logs in. */
export interface UsedDatabase {
  readonly owner: pg.Pool;
  readonly engine: pg.Pool;
  readonly gateway: pg.Pool;
  readonly urls: TestDatabase;
}

/** Clones a database before the tests of the file and drops it after them. Call it at the top of a file. */
export const useDatabase = (): UsedDatabase => {
  let urls: TestDatabase | undefined;
  const pools = new Map<string, pg.Pool>();
  const read = (): TestDatabase => {
    if (urls === undefined) throw new Error('the database is there from beforeAll on, not while tests are being described');
    return urls;
  };
  const poolOf = (url: string): pg.Pool => {
    const known = pools.get(url);
    if (known !== undefined) return known;
    const pool = new pg.Pool({ connectionString: url, max: 60 });
    pool.on('error', () => {}); // a dropped database ends its idle connections
    pools.set(url, pool);
    return pool;
  };
  beforeAll(async () => {
    urls = await createTestDatabase();
  });
  afterAll(async () => {
    await Promise.all([...pools.values()].map((pool) => pool.end()));
    await urls?.drop();
  });
  return {
    get owner() {
      return poolOf(read().ownerUrl);
    },
    get engine() {
      return poolOf(read().engineUrl);
    },
    get gateway() {
      return poolOf(read().gatewayUrl);
    },
    get urls() {
      return read();
    },
  };
};
