import { once } from 'node:events';
import { WebSocket } from 'ws';
import { eventually } from '../../support/eventually.ts';

/** A frame from the server, whichever version it came in. */
export interface ServerFrame {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A socket without a client library: for frames that no library sends, and to see the words that come back. */
export interface RawSocket {
  readonly ws: WebSocket;
  readonly frames: readonly ServerFrame[];
  readonly binaries: readonly Buffer[];
  send(data: string | Buffer): void;
  /** Sends a frame of version 2. */
  push(topic: string, event: string, payload?: unknown, ref?: string): void;
  /** Joins and waits for the answer. */
  join(topic: string, config?: unknown, token?: string): Promise<ServerFrame>;
  /** The first frame that fits, come or to come. */
  find(fits: (frame: ServerFrame) => boolean, timeoutMs?: number): Promise<ServerFrame>;
  terminate(): void;
}

let refs = 0;

export const openRawSocket = async (url: string): Promise<RawSocket> => {
  const ws = new WebSocket(url);
  const frames: ServerFrame[] = [];
  const binaries: Buffer[] = [];
  ws.on('message', (data: Buffer, isBinary) => {
    if (isBinary) binaries.push(data);
    else frames.push(readFrame(JSON.parse(data.toString('utf8'))));
  });
  ws.on('error', () => {});
  await once(ws, 'open');
  const find: RawSocket['find'] = (fits, timeoutMs = 5_000) =>
    eventually(
      () => {
        const frame = frames.find(fits);
        if (frame === undefined) throw new Error(`no such frame among ${JSON.stringify(frames).slice(0, 2_000)}`);
        return frame;
      },
      { timeoutMs, everyMs: 5 },
    );
  return {
    ws,
    frames,
    binaries,
    find,
    send: (data) => ws.send(data),
    push: (topic, event, payload = {}, ref = String((refs += 1))) => ws.send(JSON.stringify([null, ref, topic, event, payload])),
    join: (topic, config = {}, token) => {
      const ref = String((refs += 1));
      ws.send(JSON.stringify([ref, ref, topic, 'phx_join', { config, access_token: token }]));
      return find((frame) => frame.ref === ref && frame.event === 'phx_reply');
    },
    terminate: () => ws.terminate(),
  };
};

const readFrame = (value: unknown): ServerFrame => {
  if (Array.isArray(value)) {
    const [joinRef, ref, topic, event, payload] = value as [
      string | null,
      string | null,
      string,
      string,
      Record<string, unknown>,
    ];
    return { joinRef, ref, topic, event, payload };
  }
  const { join_ref, ...rest } = value as ServerFrame & { readonly join_ref: string | null };
  return { ...rest, joinRef: join_ref };
};
