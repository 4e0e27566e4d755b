import { afterAll, beforeAll } from '@jest/globals';
import { useDatabase, type UsedDatabase } from '../../support/use-database.ts';
import { startTestApi, type TestApi, type TestApiOptions } from './test-api.ts';

export interface UsedApi {
  readonly api: TestApi;
  readonly database: UsedDatabase;
}

/** A database and an API on it for the tests of one file. Call it at the top of a file. */
export function useApi(options: Omit<TestApiOptions, 'gatewayUrl'> = {}): UsedApi {
  let api: TestApi | undefined;
  afterAll(() => api?.close()); // stands before the one that drops the database
  const database = useDatabase();
  beforeAll(async () => {
    api = await startTestApi({ gatewayUrl: database.urls.gatewayUrl, ...options });
  });
  return {
    database,
    get api() {
      if (api === undefined) throw new Error('the API is there from beforeAll on, not while tests are being described');
      return api;
    },
  };
}
