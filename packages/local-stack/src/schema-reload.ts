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
const AGAIN_MS = 1_000;

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
  const reload = (): void => {
    onReload().catch((error: unknown) => log(`schema cache not cleared: ${describeError(error)}`));
  };
  const timers = new Set<NodeJS.Timeout>();
  client.on('notification', () => {
    reload();
    // What is being read at this moment may be older than the change, and would be kept.
    const timer = setTimeout(() => {
      timers.delete(timer);
      reload();
    }, AGAIN_MS);
    timers.add(timer);
  });
  await client.query('listen pgrst');
  return {
    close: async () => {
      isClosing = true;
      for (const timer of timers) clearTimeout(timer);
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
