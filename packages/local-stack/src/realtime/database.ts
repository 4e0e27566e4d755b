import pg from 'pg';
import { waitUntil } from '../wait-until.ts';
import { errorCode, StackError } from '../stack-error.ts';

export interface Database {
  /** A statement with a name is planned once for each connection. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[], name?: string): Promise<readonly Row[]>;
  /** Calls back for each notification on the channel. */
  listen(channel: string, onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** The login `realtime_server`. */
  readonly databaseUrl: string;
  readonly onLost: (error: unknown) => void;
}

const MAX_CONNECTIONS = 6;
const STATEMENT_TIMEOUT_MS = 10_000;
/**
 * Names of types come with their schema; nobody queues behind us for a lock that we do not get; and what we forget in a crash of the
 * server (outboxes, which we empty at the start anyway) need not wait for the disk.
 */
const SESSION_OPTIONS = '-c search_path= -c lock_timeout=1000 -c synchronous_commit=off';
/** Whoever holds it is the one endpoint of this database; two would take each other's messages. */
const HUB_LOCK = 7_265_616;
const LOCK_TIMEOUT_MS = 20_000;
/** Connections, serialization, resources, operator, system, internal. */
const STATE_CLASSES = ['08', '40', '53', '57', '58', 'XX'];

export const openDatabase = async ({ databaseUrl, onLost }: DatabaseOptions): Promise<Database> => {
  const settings = { connectionString: databaseUrl, application_name: 'durabase-realtime', options: SESSION_OPTIONS };
  const listener = new pg.Client(settings);
  let isClosing = false;
  listener.on('error', (error) => {
    if (!isClosing) onLost(error);
  });
  await listener.connect();
  try {
    await takeHubLock(listener);
  } catch (error) {
    isClosing = true;
    await listener.end();
    throw error;
  }
  const pool = new pg.Pool({ ...settings, max: MAX_CONNECTIONS, statement_timeout: STATEMENT_TIMEOUT_MS });
  pool.on('error', () => {}); // an idle connection that broke: the listener tells whether the database is lost
  return {
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = [], name?: string) =>
      (await pool.query<Row>({ text, values: [...values], ...(name === undefined ? {} : { name }) })).rows,
    listen: async (channel, onNotify) => {
      listener.on('notification', (message) => {
        if (message.channel === channel) onNotify();
      });
      await listener.query(`listen ${channel}`);
    },
    close: async () => {
      isClosing = true;
      await Promise.all([pool.end(), listener.end()]);
    },
  };
};

/** The connection of a predecessor that was killed may live a moment longer than itself. */
const takeHubLock = async (client: pg.Client): Promise<void> => {
  const isMine = async (): Promise<boolean> =>
    (await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [HUB_LOCK])).rows[0]?.taken === true;
  if (await waitUntil(isMine, { timeoutMs: LOCK_TIMEOUT_MS, intervalMs: 100 })) return;
  throw new StackError('Another Realtime endpoint serves this database. Stop that one first.');
};

/** Whether the statement itself is at fault, as when a policy raises, and not the state of the database. */
export const isStatementError = (error: unknown): boolean => {
  const code = errorCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !STATE_CLASSES.includes(code.slice(0, 2));
};
