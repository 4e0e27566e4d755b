import pg from 'pg';
import type { Log } from '../../ports/log.ts';

const RECONNECT_MS = 1_000;

/** Options of {@link listen}. */
export interface ListenOptions {
  /** For a connection of its own; never a transaction pooler's, which lets no notification pass. */
  readonly url: string;
  readonly channel: string;
  readonly log: Log;
}

/** Listens on a connection that is made anew when it breaks. Each (re)connection counts as news. */
export function listen({ url, channel, log }: ListenOptions, onNews: () => void): { close(): Promise<void> } {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const again = (): void => {
    if (isClosed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MS);
  };
  const connect = async (): Promise<void> => {
    client = new pg.Client({ connectionString: url, application_name: `durabase listener (${channel})`, keepAlive: true });
    client.on('error', again);
    client.on('end', again);
    client.on('notification', onNews);
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      onNews();
    } catch (error) {
      log.warn('database.not-listening', { channel, reason: error instanceof Error ? error.message : String(error) }); // polling goes on
      again();
    }
  };
  void connect();
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined); // it is gone either way
    },
  };
}
