import pg from 'pg';
import { describeError, StackError } from './stack-error.ts';
import { waitUntil } from './wait-until.ts';

export interface SchemaReloadOptions {
  readonly databaseUrl: string;
  readonly onReload: () => Promise<void>;
  readonly onDatabaseLost: () => void;
  readonly log: (text: string) => void;
}

export interface SchemaReload {
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 60_000;
const CONNECT_INTERVAL_MS = 100;

/** Listens for what PostgREST listens for: `notify pgrst, 'reload schema'`. Waits for a database that is still starting. */
export const listenForSchemaReload = async (options: SchemaReloadOptions): Promise<SchemaReload> => {
  const { databaseUrl, onReload, onDatabaseLost, log } = options;
  const client = await connect(databaseUrl);
  let isClosing = false;
  client.on('error', (error) => {
    if (isClosing) return;
    log(`the database is lost: ${describeError(error)}`);
    onDatabaseLost();
  });
  client.on('notification', () => {
    onReload().catch((error: unknown) => log(`schema cache not cleared: ${describeError(error)}`));
  });
  await client.query('listen pgrst');
  return {
    close: async () => {
      isClosing = true;
      await client.end();
    },
  };
};

const connect = async (databaseUrl: string): Promise<pg.Client> => {
  let connected: pg.Client | undefined;
  let problem: unknown;
  const attempt = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: databaseUrl });
    try {
      await client.connect();
      connected = client;
      return true;
    } catch (error) {
      problem = error;
      return false;
    }
  };
  await waitUntil(attempt, { timeoutMs: CONNECT_TIMEOUT_MS, intervalMs: CONNECT_INTERVAL_MS });
  if (connected !== undefined) return connected;
  throw new StackError(`The Supabase endpoint cannot reach its database: ${describeError(problem)}`, problem);
};
