import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Called when a socket got a message; `received` are the ids that it tells of. */
export type OnReceived = (socket: number, received: readonly string[]) => void;

/** Sockets that are subscribed and count. */
export interface Sockets {
  close(): void;
}

export interface RealtimeTopic {
  /** `http://…` of the Supabase endpoint. */
  readonly url: string;
  readonly apiKey: string;
  readonly token: string;
  readonly topic: string;
}

const JOINS_AT_A_TIME = 20;
const HEARTBEAT_MS = 20_000;

/** `count` sockets, opened a few at a time; each is there when `open` has resolved. */
async function openMany(count: number, open: (index: number) => Promise<WebSocket>): Promise<Sockets> {
  const sockets: WebSocket[] = [];
  for (let from = 0; from < count; from += JOINS_AT_A_TIME) {
    const size = Math.min(JOINS_AT_A_TIME, count - from);
    sockets.push(...(await Promise.all(Array.from({ length: size }, (_, index) => open(from + index)))));
  }
  return {
    close: () => {
      for (const socket of sockets) socket.terminate();
    },
  };
}

type Frame = readonly [string | null, string | null, string, string, { readonly status?: string; readonly payload?: unknown }];
type Told = { readonly changes?: readonly { readonly id: string }[] };

/** Subscribers of a feed, speaking the protocol of Supabase Realtime without a library: their own cost stays small. */
export const subscribeToFeed = (
  count: number,
  { url, apiKey, token, topic }: RealtimeTopic,
  onReceived: OnReceived,
): Promise<Sockets> =>
  openMany(count, async (index) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${apiKey}&vsn=2.0.0`);
    await once(socket, 'open');
    const joined = Promise.withResolvers<void>();
    socket.on('message', (data: Buffer) => {
      const [, , , event, payload] = JSON.parse(data.toString()) as Frame;
      if (event === 'phx_reply' && payload.status === 'ok') joined.resolve();
      else if (event === 'phx_reply') joined.reject(new Error(`joining was refused: ${JSON.stringify(payload)}`));
      else if (event === 'broadcast')
        onReceived(
          index,
          ((payload.payload as Told).changes ?? []).map(({ id }) => id),
        );
    });
    const config = {
      broadcast: { ack: false, self: false },
      presence: { key: '', enabled: false },
      postgres_changes: [],
      private: true,
    };
    socket.send(JSON.stringify(['1', '1', `realtime:${topic}`, 'phx_join', { config, access_token: token }]));
    await joined.promise;
    const timer = setInterval(() => socket.send(JSON.stringify([null, '2', 'phoenix', 'heartbeat', {}])), HEARTBEAT_MS);
    socket.once('close', () => clearInterval(timer));
    return socket;
  });

/** Sockets of a server that passes on whatever it is told, one id in a message. */
export const listenPlainly = (count: number, url: string, onReceived: OnReceived): Promise<Sockets> =>
  openMany(count, async (index) => {
    const socket = new WebSocket(url);
    socket.on('message', (data: Buffer) => onReceived(index, [data.toString()]));
    await once(socket, 'open');
    return socket;
  });
