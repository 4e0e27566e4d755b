import type { Server } from 'node:http';
import { describeError } from '../stack-error.ts';
import { createChanges } from './changes.ts';
import type { Connection } from './connection.ts';
import { openDatabase, type Database } from './database.ts';
import { openDoor } from './door.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createJoin } from './join.ts';
import { DEFAULT_LIMITS, type RealtimeLimits } from './limits.ts';
import { createMessages } from './messages.ts';
import { createPace } from './pace.ts';
import { createRate } from './rate.ts';
import { createRestBroadcast, type RestBroadcast } from './rest-broadcast.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createTables } from './tables.ts';
import { createThrottledLog, type Log } from './throttled-log.ts';
import { createTokens, type TokensOptions } from './tokens.ts';
import { createTopicPolicies } from './topic-policies.ts';
import { createTopics } from './topics.ts';
import { createWatches } from './watches.ts';

export interface RealtimeOptions extends TokensOptions {
  /** Sockets are upgraded from its connections, at `/realtime/v1/websocket`. */
  readonly server: Server;
  /** The login `realtime_server`. */
  readonly databaseUrl: string;
  readonly log: Log;
  readonly limits?: Partial<RealtimeLimits>;
  /** Called once, after the sockets have been closed; the endpoint does not come back by itself. */
  readonly onDatabaseLost?: () => void;
}

export interface Realtime {
  /** Answers requests below `/realtime/v1/api`. */
  readonly handleRequest: RestBroadcast;
  /** To be called after changes of the schema: tables may have joined or left the publication. */
  followPublication(): Promise<void>;
  /** Closes the sockets, so that the server can close. */
  close(): Promise<void>;
}

const OUTBOX_CHANNEL = 'realtime_outbox';

/** Serves the protocol of Supabase Realtime. One endpoint for a database. */
export const createRealtime = async (options: RealtimeOptions): Promise<Realtime> => {
  const { server, databaseUrl, onDatabaseLost = () => {} } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = createThrottledLog(options.log);
  const connections = new Set<Connection>();
  const closeAll = (): void => {
    for (const connection of connections) connection.close();
  };
  const database = await openDatabase({
    databaseUrl,
    onLost: (error) => {
      log(`the database is lost: ${describeError(error)}`);
      closeAll();
      onDatabaseLost();
    },
  });
  const wake = (): void => {
    messages.wake();
    changes.wake();
  };
  const pace = createPace({ database, wake, log });
  const parts = await createParts({ database, limits, log, options, onTaken: pace.taken });
  const { tokens, messages, changes, watches, join } = parts;
  await database.listen(OUTBOX_CHANNEL, pace.notified);
  const housekeeping = startHousekeeping({ database, connections, wake, isIdle: () => watches.count === 0, limits, log });

  const ports = { join, joinRate: createRate(limits.joinsPerSecond), limits, log };
  const door = openDoor({ server, tokens, connections, ports });

  return {
    handleRequest: parts.handleRequest,
    followPublication: async () => {
      await database.query('select realtime.follow_publication()');
    },
    close: async () => {
      door.close();
      housekeeping.stop();
      pace.stop();
      closeAll();
      door.terminateAll();
      await Promise.all([messages.stop(), changes.stop()]);
      await watches.close();
      await forgetListeners(database).catch((error: unknown) => log(`listeners are not forgotten: ${describeError(error)}`));
      await database.close();
    },
  };
};

interface PartsOptions {
  readonly database: Database;
  readonly limits: RealtimeLimits;
  readonly log: Log;
  readonly options: TokensOptions;
  readonly onTaken: () => void;
}

const createParts = async ({ database, limits, log, options, onTaken }: PartsOptions) => {
  await forgetListeners(database);
  const [row] = await database.query<{ entity: number }>(`select 'realtime.messages'::regclass::oid as entity`);
  const tokens = createTokens(options);
  const topics = createTopics();
  const tables = createTables(database);
  const watches = createWatches({ database, log });
  const subscriptions = createSubscriptions({ database, tables, watches });
  const askPolicies = createTopicPolicies({ database, log });
  const rate = createRate(limits.messagesPerSecond);
  const shared = { topics, tokens, askPolicies, limits, log };
  return {
    tokens,
    watches,
    messages: createMessages({ database, topics, limits, onTaken, log }),
    changes: createChanges({ database, tables, subscriptions, recordBytes: limits.recordBytes, onTaken, log }),
    join: createJoin({ ...shared, subscriptions, database, watches, messagesEntity: row?.entity ?? 0 }),
    handleRequest: createRestBroadcast({ ...shared, rate }),
  };
};

/** What an endpoint that is no more has left behind. */
const forgetListeners = async ({ query }: Database): Promise<void> => {
  await query('delete from realtime.subscription');
  await query('delete from realtime.message_outbox');
  await query('delete from realtime.change_outbox');
};
