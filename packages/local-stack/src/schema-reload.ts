import pg from 'pg';
import { describeError } from './stack-error.ts';

export interface SchemaReloadOptions {
  readonly databaseUrl: string;
  readonly onReload: () => Promise<void>;
  readonly log: (text: string) => void;
}

export interface SchemaReload {
  close(): Promise<void>;
}

const RECONNECT_MS = 500;

/** Listens for what PostgREST listens for: `notify pgrst, 'reload schema'`. Connects again when the database comes back. */
export const listenForSchemaReload = async ({ databaseUrl, onReload, log }: SchemaReloadOptions): Promise<SchemaReload> => {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const reload = (): void => {
    onReload().catch((error: unknown) => log(`schema cache not cleared: ${describeError(error)}`));
  };
  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: databaseUrl });
    next.on('error', () => reconnectLater());
    next.on('notification', reload);
    await next.connect();
    await next.query('listen pgrst');
    client = next;
  };
  const reconnectLater = (): void => {
    client = undefined;
    clearTimeout(timer);
    if (isClosed) return;
    // What was announced in between was missed: the cache is cleared once as a precaution.
    timer = setTimeout(() => void connect().then(reload, reconnectLater), RECONNECT_MS);
  };

  await connect();
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await client?.end();
    },
  };
};
