import type { WebSocket } from 'ws';
import { describeError } from '../stack-error.ts';
import type { Channel } from './channel.ts';
import { decodeBinary, decodeText, type ClientFrame, type OutgoingFrame, type Vsn } from './frames.ts';
import { replyTo, type Join } from './join.ts';
import type { RealtimeLimits } from './limits.ts';
import { createRate, type Rate } from './rate.ts';
import type { Log } from './throttled-log.ts';
import type { Identity } from './tokens.ts';

/** One socket, with the channels that it has joined. */
export interface Connection {
  /** When something last came from it, by `performance.now()`. */
  readonly heardAtMs: number;
  /** Ends it at once, whatever still waits to be sent. */
  cut(reason: string): void;
  /** Asks the client to come back. */
  close(): void;
}

export interface ConnectionPorts {
  readonly join: Join;
  /** Joins of all sockets. */
  readonly joinRate: Rate;
  readonly limits: RealtimeLimits;
  readonly log: Log;
}

export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly vsn: Vsn;
  readonly identity: Identity;
  readonly onClosed: (connection: Connection) => void;
}

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export const createConnection = (ports: ConnectionPorts, { socket, vsn, identity, onClosed }: ConnectionOptions): Connection => {
  const { join, joinRate, limits, log } = ports;
  const channels = new Map<string, Channel>();
  /** What has come on a topic and is not done yet: one after the other, so that order is kept. */
  const queues = new Map<string, Promise<void>>();
  const frameRate = createRate(limits.messagesPerSecond);
  const ownJoinRate = createRate(limits.joinsPerSecondPerConnection);
  const presenceRate = createRate(limits.presenceEventsPerSecond);
  let heardAtMs = performance.now();
  let isOpen = true;
  let pendingCount = 0;
  let hasComplained = false;

  const cut = (reason: string): void => {
    if (!isOpen) return;
    isOpen = false;
    log(`a socket was cut: ${reason}`);
    socket.terminate();
  };
  const refuse = (reason: string): void => {
    if (!isOpen) return;
    isOpen = false;
    log(`a socket was closed: ${reason}`);
    socket.close(POLICY_VIOLATION, reason);
  };
  const send = (frame: OutgoingFrame): void => {
    if (!isOpen || socket.readyState !== socket.OPEN) return;
    const encoded = frame.encode(vsn);
    if (encoded === undefined) return;
    socket.send(encoded.data, { binary: encoded.isBinary }, () => {}); // what breaks here shows as the socket's end
    if (socket.bufferedAmount > limits.bufferedBytes) cut(`it reads too slowly, ${socket.bufferedAmount} bytes wait for it`);
  };
  const handleJoin = async (frame: ClientFrame): Promise<void> => {
    if (!ownJoinRate.take() || !joinRate.take()) {
      send(replyTo(frame, { status: 'error', response: { reason: 'ClientJoinRateLimitReached: Too many joins per second' } }));
      return refuse('too many joins per second');
    }
    // A second join of the same topic replaces the first one.
    channels.get(frame.topic)?.leave();
    if (channels.size >= limits.channelsPerConnection)
      return send(replyTo(frame, { status: 'error', response: { reason: 'ChannelRateLimitReached: Too many channels' } }));
    const connection = { identity, presenceRate, send, isOpen: () => isOpen };
    const channel = await join({ frame, connection, onClosed: () => channels.delete(frame.topic) });
    if (channel?.isOpen === true) channels.set(frame.topic, channel);
  };
  const handle = async (frame: ClientFrame): Promise<void> => {
    if (!isOpen) return;
    if (frame.topic === 'phoenix' && frame.event === 'heartbeat') return send(replyTo(frame, { status: 'ok', response: {} }));
    if (frame.event === 'phx_join') return handleJoin(frame);
    const channel = channels.get(frame.topic);
    if (channel !== undefined && (frame.joinRef === null || frame.joinRef === channel.joinRef)) return channel.handle(frame);
    if (frame.event === 'phx_leave') return send(replyTo(frame, { status: 'ok', response: {} }));
    send(replyTo(frame, { status: 'error', response: { reason: 'unmatched topic' } }));
  };
  const enqueue = (frame: ClientFrame): void => {
    pendingCount += 1;
    if (pendingCount >= limits.pendingFrames) socket.pause();
    const done = (queues.get(frame.topic) ?? Promise.resolve())
      .then(() => handle(frame))
      .catch((error: unknown) => log(`a frame could not be handled: ${describeError(error)}`))
      .finally(() => {
        pendingCount -= 1;
        if (queues.get(frame.topic) === done) queues.delete(frame.topic);
        if (pendingCount < limits.pendingFrames && socket.isPaused) socket.resume();
      });
    queues.set(frame.topic, done);
  };

  socket.on('message', (data, isBinary) => {
    heardAtMs = performance.now();
    if (!isOpen || !Buffer.isBuffer(data)) return;
    const decoded = decode(data, isBinary);
    if (!frameRate.take()) {
      const channel = 'frame' in decoded ? channels.get(decoded.frame.topic) : undefined;
      return channel === undefined ? refuse('too many messages per second') : channel.shutDown('Too many messages per second');
    }
    if ('frame' in decoded) return enqueue(decoded.frame);
    if (!hasComplained) log(`a socket sends malformed frames: ${decoded.problem}`);
    hasComplained = true;
  });
  const decode = (data: Buffer, isBinary: boolean): ReturnType<typeof decodeText> => {
    if (!isBinary) return decodeText(data.toString('utf8'), vsn, limits);
    return vsn === '2.0.0' ? decodeBinary(data, limits) : { problem: 'version 1.0.0 has no binary frames' };
  };
  socket.on('pong', () => {
    heardAtMs = performance.now();
  });
  socket.on('error', (error) => log(`a socket broke: ${describeError(error)}`));
  socket.on('close', () => {
    isOpen = false;
    for (const channel of channels.values()) channel.close();
    onClosed(connection);
  });
  const connection: Connection = {
    get heardAtMs() {
      return heardAtMs;
    },
    cut,
    close: () => {
      isOpen = false;
      socket.close(GOING_AWAY);
    },
  };
  return connection;
};
