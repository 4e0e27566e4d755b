import { isRecord } from '../private-file.ts';
import { describeError } from '../stack-error.ts';
import { broadcastFrame, textFrame, type ClientFrame, type OutgoingFrame, type Ref } from './frames.ts';
import type { JoinConfig } from './join-config.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Rate } from './rate.ts';
import type { Prepared, Subscriber, Subscriptions } from './subscriptions.ts';
import type { Log } from './throttled-log.ts';
import { expiredMessage, isProjectKey, type Identity, type Tokens } from './tokens.ts';
import { createChannelRights, type ChannelRights } from './channel-rights.ts';
import type { AskPolicies, TopicAnswer } from './topic-policies.ts';
import type { Listener, TopicName, Topics } from './topics.ts';

/** A socket that has joined a topic. */
export interface Channel extends Listener, Subscriber {
  readonly joinRef: Ref;
  readonly isOpen: boolean;
  handle(frame: ClientFrame): Promise<void>;
  /** Follows the tables that the join asked for, and says so. */
  subscribe(prepared?: Prepared): Promise<void>;
  /** Tells the client why, and ends. */
  shutDown(reason: string): void;
  /** Ends, and says that it has. */
  leave(): void;
  /** Ends without a word. */
  close(): void;
}

export interface ChannelPorts {
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly askPolicies: AskPolicies;
  readonly tokens: Tokens;
  readonly limits: RealtimeLimits;
  readonly log: Log;
}

export interface ChannelOptions {
  readonly name: TopicName;
  readonly joinRef: Ref;
  readonly config: JoinConfig;
  readonly identity: Identity;
  /** What the policies let the caller read, for private channels. */
  readonly allowed: NonNullable<TopicAnswer>;
  readonly presenceRate: Rate;
  readonly replayedIds: ReadonlySet<string>;
  readonly send: (frame: OutgoingFrame) => void;
  readonly onClosed: () => void;
}

type Extension = 'system' | 'postgres_changes';
type Status = 'ok' | 'error';

const MAX_TIMER_MS = 2_147_483_647;

export const createChannel = (ports: ChannelPorts, options: ChannelOptions): Channel => new JoinedChannel(ports, options);

class JoinedChannel implements Channel {
  readonly topic: string;
  readonly #ports: ChannelPorts;
  readonly #options: ChannelOptions;
  readonly #rights: ChannelRights;
  #identity: Identity;
  #token: string | undefined;
  #isOpen = true;
  #expiry: NodeJS.Timeout | undefined;

  constructor(ports: ChannelPorts, options: ChannelOptions) {
    const { name, config, identity, allowed } = options;
    this.topic = `realtime:${name.topic}`;
    this.#ports = ports;
    this.#options = options;
    this.#identity = identity;
    this.#token = config.token;
    this.#rights = createChannelRights({
      askPolicies: ports.askPolicies,
      name,
      allowed,
      hasPresence: config.presence.isEnabled,
      identity: () => this.#identity,
    });
    ports.topics.add(name, this);
    this.#awaitExpiry();
  }

  get joinRef(): Ref {
    return this.#options.joinRef;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get identity(): Identity {
    return this.#identity;
  }

  get hearsBroadcast(): boolean {
    return this.#rights.mayRead('broadcast');
  }

  get hearsPresence(): boolean {
    return this.#rights.mayRead('presence');
  }

  hasSeen(messageId: string): boolean {
    return this.#options.replayedIds.has(messageId);
  }

  send(frame: OutgoingFrame): void {
    if (this.#isOpen) this.#options.send(frame);
  }

  async handle(frame: ClientFrame): Promise<void> {
    switch (frame.event) {
      case 'broadcast':
        return this.#handleBroadcast(frame);
      case 'presence':
        return this.#handlePresence(frame);
      case 'access_token':
        return this.#handleToken(frame.payload['access_token']);
      case 'phx_leave':
        this.#reply(frame, 'ok');
        return this.leave();
      default: // the real server ignores what it does not know, too
    }
  }

  async subscribe(ready?: Prepared): Promise<void> {
    const { subscriptions, log } = this.#ports;
    try {
      const prepared = ready ?? (await subscriptions.prepare(this.#identity, this.#options.config.wishes));
      if ('problem' in prepared) return this.#tell('postgres_changes', 'error', prepared.problem);
      if (!this.#isOpen) return subscriptions.drop(prepared);
      subscriptions.add(this, prepared);
      this.#tell('postgres_changes', 'ok', 'Subscribed to PostgreSQL');
    } catch (error) {
      log(`a channel could not follow its tables: ${describeError(error)}`);
      this.restart();
    }
  }

  restart(): void {
    this.#finish('phx_error');
  }

  leave(): void {
    this.#finish('phx_close');
  }

  shutDown(reason: string): void {
    this.#tell('system', 'error', reason);
    this.leave();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#expiry);
    this.#ports.subscriptions.remove(this);
    this.#ports.topics.remove(this.#options.name, this);
    this.#options.onClosed();
  }

  #finish(event: 'phx_close' | 'phx_error'): void {
    this.#push(event, {}, this.joinRef);
    this.close();
  }

  #push(event: string, payload: unknown, ref: Ref = null): void {
    this.send(textFrame({ joinRef: this.joinRef, ref, topic: this.topic, event, payload: JSON.stringify(payload) }));
  }

  #reply(frame: ClientFrame, status: Status, response: unknown = {}): void {
    this.#push('phx_reply', { status, response }, frame.ref);
  }

  #tell(extension: Extension, status: Status, message: string): void {
    this.#push('system', { extension, status, message, channel: this.#options.name.topic });
  }

  #awaitExpiry(): void {
    clearTimeout(this.#expiry);
    const { expiresAtMs } = this.#identity;
    if (expiresAtMs === undefined) return;
    const leftMs = expiresAtMs - Date.now();
    if (leftMs <= 0) this.shutDown(expiredMessage(Math.floor(-leftMs / 1_000)));
    else this.#expiry = setTimeout(() => this.#awaitExpiry(), Math.min(leftMs, MAX_TIMER_MS)).unref();
  }

  async #handleBroadcast(frame: ClientFrame): Promise<void> {
    const { topics, limits } = this.#ports;
    const { name, config } = this.#options;
    const { broadcast } = frame;
    if (broadcast === undefined || !(await this.#rights.mayWrite('broadcast')) || !this.#isOpen) return;
    if (broadcast.payloadBytes > limits.payloadBytes) {
      if (config.wantsAck) this.#reply(frame, 'error', { reason: 'payload_size_exceeded' });
      return;
    }
    topics.fanOut(name, { frame: broadcastFrame(this.topic, broadcast), ...(config.hearsSelf ? {} : { except: this }) });
    if (config.wantsAck) this.#reply(frame, 'ok');
  }

  async #handlePresence(frame: ClientFrame): Promise<void> {
    const { topics, limits } = this.#ports;
    const { name, config, presenceRate } = this.#options;
    const { event, payload: shown = {} } = frame.payload;
    if (!presenceRate.take()) return this.shutDown('Client presence rate limit exceeded');
    const kind = typeof event === 'string' ? event.toLowerCase() : undefined;
    if (kind === 'untrack') {
      topics.untrack(name, this);
      return this.#reply(frame, 'ok');
    }
    if (kind !== 'track') return this.#reply(frame, 'error');
    if (!isRecord(shown)) return this.#reply(frame, 'error', { reason: 'Presence track payload must be a map' });
    if (Buffer.byteLength(JSON.stringify(shown)) > limits.presenceBytes) return this.shutDown('Track message size exceeded');
    if (!(await this.#rights.mayWrite('presence'))) return this.#reply(frame, 'error');
    await this.#rights.askForPresence();
    if (!this.#isOpen) return;
    topics.track(name, this, { key: config.presence.key, meta: shown });
    this.#reply(frame, 'ok');
  }

  async #handleToken(token: unknown): Promise<void> {
    if (typeof token !== 'string' || isProjectKey(token) || token === this.#token) return;
    this.#token = token;
    const verified = await this.#ports.tokens.verify(token);
    if ('problem' in verified) return this.shutDown(verified.problem.message);
    const problem = await this.#rights.renew(verified.identity);
    if (problem !== undefined) return this.shutDown(problem);
    const { role } = this.#identity;
    this.#identity = verified.identity;
    this.#awaitExpiry();
    if (this.#options.config.wishes.length === 0 || !this.#isOpen) return;
    // Columns are granted to roles: with another one, filters have to be checked anew.
    if (role === verified.identity.role) return this.#tell('postgres_changes', 'ok', 'Subscribed to PostgreSQL');
    this.#ports.subscriptions.remove(this);
    await this.subscribe();
  }
}
