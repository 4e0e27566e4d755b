import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Hears of the ends of runs. */
export interface Ends {
  /** Resolves when the run has ended; an end that came before counts. Rejects when it ended badly. */
  of(runId: string): Promise<void>;
  close(): void;
}

interface Change {
  readonly id: string;
  readonly state: string;
}

const HEARTBEAT_MS = 20_000;
const BAD_ENDS = new Set(['failed', 'cancelled', 'timed_out', 'expired', 'skipped']);

/** One subscriber of a feed, over Realtime's protocol without a library. */
export async function subscribeToChanges({
  url,
  apiKey,
  token,
  topic,
}: {
  readonly url: string;
  readonly apiKey: string;
  readonly token: string;
  readonly topic: string;
}): Promise<Ends> {
  const ended = new Map<string, string>();
  const waiting = new Map<string, (state: string) => void>();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${apiKey}&vsn=2.0.0`);
  await once(socket, 'open');
  const joined = Promise.withResolvers<void>();
  const note = ({ id, state }: Change): void => {
    if (state !== 'completed' && !BAD_ENDS.has(state)) return;
    ended.set(id, state);
    waiting.get(id)?.(state);
  };
  socket.on('message', (data: Buffer) => {
    const [, , , event, payload] = JSON.parse(data.toString()) as readonly [
      unknown,
      unknown,
      string,
      string,
      { readonly status?: string; readonly payload?: { readonly changes?: readonly Change[] } },
    ];
    if (event === 'phx_reply' && payload.status === 'ok') joined.resolve();
    else if (event === 'phx_reply') joined.reject(new Error(`joining was refused: ${JSON.stringify(payload)}`));
    else if (event === 'broadcast') payload.payload?.changes?.forEach(note);
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
  return {
    of: (runId) =>
      new Promise((resolve, reject) => {
        const take = (state: string): void => {
          waiting.delete(runId);
          ended.delete(runId);
          if (state === 'completed') resolve();
          else reject(new Error(`run ${runId} ended as ${state}`));
        };
        const known = ended.get(runId);
        if (known === undefined) waiting.set(runId, take);
        else take(known);
      }),
    close: () => {
      clearInterval(timer);
      socket.terminate();
    },
  };
}
