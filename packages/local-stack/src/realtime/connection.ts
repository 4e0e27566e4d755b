import type { WebSocket } from 'ws';
import { describeError } from '../stack-error.ts';
import type { Channel } from './channel.ts';
import { decodeBinary, decodeText, type ClientFrame, type Decoded, type OutgoingFrame, type Vsn } from './frames.ts';
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

export const createConnection = (ports: ConnectionPorts, options: ConnectionOptions): Connection =>
  new SocketConnection(ports, options);

class SocketConnection implements Connection {
  readonly #ports: ConnectionPorts;
  readonly #options: ConnectionOptions;
  readonly #channels = new Map<string, Channel>();
  /** What has come on a topic and is not done yet: one after the other, so that order is kept. */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #frameRate: Rate;
  readonly #joinRate: Rate;
  readonly #presenceRate: Rate;
  #heardAtMs = performance.now();
  #isOpen = true;
  #pendingCount = 0;
  #joiningCount = 0;
  #hasComplained = false;

  constructor(ports: ConnectionPorts, options: ConnectionOptions) {
    const { limits, log } = ports;
    const { socket, onClosed } = options;
    this.#ports = ports;
    this.#options = options;
    this.#frameRate = createRate(limits.messagesPerSecond);
    this.#joinRate = createRate(limits.joinsPerSecondPerConnection);
    this.#presenceRate = createRate(limits.presenceEventsPerSecond);
    socket.on('message', (data, isBinary) => {
      if (Buffer.isBuffer(data)) this.#receive(data, isBinary);
    });
    socket.on('error', (error) => log(`a socket broke: ${describeError(error)}`));
    socket.on('close', () => {
      this.#end();
      onClosed(this);
    });
  }

  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  cut(reason: string): void {
    if (!this.#isOpen) return;
    // Its channels end when the socket has: whoever sends is going through listeners right now.
    this.#isOpen = false;
    this.#ports.log(`a socket was cut: ${reason}`);
    this.#options.socket.terminate();
  }

  close(): void {
    this.#options.socket.close(GOING_AWAY);
    this.#end();
  }

  #refuse(reason: string): void {
    if (!this.#isOpen) return;
    this.#ports.log(`a socket was closed: ${reason}`);
    this.#options.socket.close(POLICY_VIOLATION, reason);
    this.#end();
  }

  #end(): void {
    this.#isOpen = false;
    for (const channel of this.#channels.values()) channel.close();
  }

  #send(frame: OutgoingFrame): void {
    const { socket, vsn } = this.#options;
    if (!this.#isOpen || socket.readyState !== socket.OPEN) return;
    const encoded = frame.encode(vsn);
    if (encoded === undefined) return;
    socket.send(encoded.data, { binary: encoded.isBinary }, () => {}); // what breaks here shows as the socket's end
    if (socket.bufferedAmount > this.#ports.limits.bufferedBytes)
      this.cut(`it reads too slowly, ${socket.bufferedAmount} bytes wait for it`);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heardAtMs = performance.now();
    if (!this.#isOpen) return;
    const decoded = this.#decode(data, isBinary);
    if (!this.#frameRate.take()) {
      const channel = 'frame' in decoded ? this.#channels.get(decoded.frame.topic) : undefined;
      return channel === undefined
        ? this.#refuse('too many messages per second')
        : channel.shutDown('Too many messages per second');
    }
    if ('frame' in decoded) return this.#enqueue(decoded.frame);
    if (!this.#hasComplained) this.#ports.log(`a socket sends malformed frames: ${decoded.problem}`);
    this.#hasComplained = true;
  }

  #decode(data: Buffer, isBinary: boolean): Decoded {
    const { vsn } = this.#options;
    if (!isBinary) return decodeText(data.toString('utf8'), vsn, this.#ports.limits);
    return vsn === '2.0.0' ? decodeBinary(data, this.#ports.limits) : { problem: 'version 1.0.0 has no binary frames' };
  }

  #enqueue(frame: ClientFrame): void {
    const { socket } = this.#options;
    const { limits, log } = this.#ports;
    this.#pendingCount += 1;
    if (this.#pendingCount >= limits.pendingFrames) socket.pause();
    const done = (this.#queues.get(frame.topic) ?? Promise.resolve())
      .then(() => this.#handle(frame))
      .catch((error: unknown) => log(`a frame could not be handled: ${describeError(error)}`))
      .finally(() => {
        this.#pendingCount -= 1;
        if (this.#queues.get(frame.topic) === done) this.#queues.delete(frame.topic);
        if (this.#pendingCount < limits.pendingFrames && socket.isPaused) socket.resume();
      });
    this.#queues.set(frame.topic, done);
  }

  async #handle(frame: ClientFrame): Promise<void> {
    if (!this.#isOpen) return;
    if (frame.topic === 'phoenix' && frame.event === 'heartbeat')
      return this.#send(replyTo(frame, { status: 'ok', response: {} }));
    if (frame.event === 'phx_join') return this.#handleJoin(frame);
    const channel = this.#channels.get(frame.topic);
    if (channel !== undefined && (frame.joinRef === null || frame.joinRef === channel.joinRef)) return channel.handle(frame);
    if (frame.event === 'phx_leave') return this.#send(replyTo(frame, { status: 'ok', response: {} }));
    this.#send(replyTo(frame, { status: 'error', response: { reason: 'unmatched topic' } }));
  }

  async #handleJoin(frame: ClientFrame): Promise<void> {
    const { join, joinRate, limits } = this.#ports;
    const refuse = (reason: string): void => this.#send(replyTo(frame, { status: 'error', response: { reason } }));
    if (!this.#joinRate.take() || !joinRate.take()) {
      refuse('ClientJoinRateLimitReached: Too many joins per second');
      return this.#refuse('too many joins per second');
    }
    // A second join of the same topic replaces the first one.
    this.#channels.get(frame.topic)?.leave();
    if (this.#channels.size + this.#joiningCount >= limits.channelsPerConnection)
      return refuse('ChannelRateLimitReached: Too many channels');
    this.#joiningCount += 1;
    const channel = await join({
      frame,
      connection: {
        identity: this.#options.identity,
        presenceRate: this.#presenceRate,
        send: (outgoing) => this.#send(outgoing),
        isOpen: () => this.#isOpen,
      },
      onClosed: () => this.#channels.delete(frame.topic),
    });
    this.#joiningCount -= 1;
    if (channel?.isOpen === true) this.#channels.set(frame.topic, channel);
  }
}
