import { describeError } from '../stack-error.ts';
import { isRecord } from '../private-file.ts';
import { broadcastFrame, textFrame, type ClientFrame, type OutgoingFrame, type Ref } from './frames.ts';
import type { JoinConfig } from './join-config.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Rate } from './rate.ts';
import type { Prepared, Subscriber, Subscriptions } from './subscriptions.ts';
import type { Log } from './throttled-log.ts';
import { expiredMessage, isProjectKey, type Identity, type Tokens } from './tokens.ts';
import type { AskPolicies, Extension, TopicAnswer } from './topic-policies.ts';
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

const MAX_TIMER_MS = 2_147_483_647;
const UNAVAILABLE = 'Realtime was unable to connect to the project database';

export const createChannel = (ports: ChannelPorts, options: ChannelOptions): Channel => {
  const { topics, subscriptions, askPolicies, tokens, limits, log } = ports;
  const { name, joinRef, config, presenceRate, replayedIds, onClosed } = options;
  const topic = `realtime:${name.topic}`;
  let { identity, allowed } = options;
  let token = config.token;
  let isOpen = true;
  let hasPresence = config.presence.isEnabled;
  /** What the policies say of sending, until a new token comes. */
  let writes = new Map<Extension, boolean>();
  let expiry: NodeJS.Timeout | undefined;

  const send = (frame: OutgoingFrame): void => {
    if (isOpen) options.send(frame);
  };
  const push = (event: string, payload: unknown, ref: Ref = null): void =>
    send(textFrame({ joinRef, ref, topic, event, payload: JSON.stringify(payload) }));
  const reply = (frame: ClientFrame, status: 'ok' | 'error', response: unknown = {}): void =>
    push('phx_reply', { status, response }, frame.ref);
  const tell = (extension: 'system' | 'postgres_changes', status: 'ok' | 'error', message: string): void =>
    push('system', { extension, status, message, channel: name.topic });
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(expiry);
    subscriptions.remove(channel);
    topics.remove(name, channel);
    onClosed();
  };
  const finish = (event: 'phx_close' | 'phx_error'): void => {
    push(event, {}, joinRef);
    close();
  };
  const shutDown = (reason: string): void => {
    tell('system', 'error', reason);
    finish('phx_close');
  };
  const awaitExpiry = (): void => {
    clearTimeout(expiry);
    if (identity.expiresAtMs === undefined) return;
    const leftMs = identity.expiresAtMs - Date.now();
    if (leftMs <= 0) shutDown(expiredMessage(Math.floor(-leftMs / 1_000)));
    else expiry = setTimeout(awaitExpiry, Math.min(leftMs, MAX_TIMER_MS)).unref();
  };
  const mayRead = (extension: Extension): boolean => !name.isPrivate || allowed.has(`read:${extension}`);
  const mayWrite = async (extension: Extension): Promise<boolean> => {
    if (!name.isPrivate) return true;
    const known = writes.get(extension);
    if (known !== undefined) return known;
    const cache = writes;
    const answer = await askPolicies({ identity, topic: name.topic, writes: [extension] });
    if (answer === undefined) return false;
    cache.set(extension, answer.has(`write:${extension}`));
    return answer.has(`write:${extension}`);
  };

  const handleBroadcast = async (frame: ClientFrame): Promise<void> => {
    const { broadcast } = frame;
    if (broadcast === undefined || !(await mayWrite('broadcast')) || !isOpen) return;
    if (broadcast.payloadBytes > limits.payloadBytes) {
      if (config.wantsAck) reply(frame, 'error', { reason: 'payload_size_exceeded' });
      return;
    }
    topics.fanOut(name, { frame: broadcastFrame(topic, broadcast), ...(config.hearsSelf ? {} : { except: channel }) });
    if (config.wantsAck) reply(frame, 'ok');
  };

  const handlePresence = async (frame: ClientFrame): Promise<void> => {
    const { event, payload: shown = {} } = frame.payload;
    if (!presenceRate.take()) return shutDown('Client presence rate limit exceeded');
    const kind = typeof event === 'string' ? event.toLowerCase() : undefined;
    if (kind === 'untrack') {
      topics.untrack(name, channel);
      return reply(frame, 'ok');
    }
    if (kind !== 'track') return reply(frame, 'error');
    if (!isRecord(shown)) return reply(frame, 'error', { reason: 'Presence track payload must be a map' });
    if (Buffer.byteLength(JSON.stringify(shown)) > limits.presenceBytes) return shutDown('Track message size exceeded');
    if (!(await mayWrite('presence'))) return reply(frame, 'error');
    if (!hasPresence && name.isPrivate) {
      // The join did not ask; tracking is a way to ask for presence too.
      const answer = await askPolicies({ identity, topic: name.topic, reads: ['presence'] });
      allowed = new Set([...allowed, ...(answer ?? [])]);
    }
    if (!isOpen) return;
    hasPresence = true;
    topics.track(name, channel, { key: config.presence.key, meta: shown });
    reply(frame, 'ok');
  };

  const handleToken = async ({ payload: { access_token: next } }: ClientFrame): Promise<void> => {
    if (typeof next !== 'string' || isProjectKey(next) || next === token) return;
    token = next;
    const verified = await tokens.verify(next);
    if ('problem' in verified) return shutDown(verified.problem.message);
    const before = { allowed, identity };
    if (name.isPrivate) {
      const reads: readonly Extension[] = hasPresence ? ['broadcast', 'presence'] : ['broadcast'];
      const answer = await askPolicies({ identity: verified.identity, topic: name.topic, reads });
      if (answer === undefined) return shutDown(UNAVAILABLE);
      if (answer.size === 0) return shutDown(`You do not have permissions to read from this Channel topic: ${name.topic}`);
      if ([...before.allowed].some((right) => !answer.has(right)))
        return shutDown(`You no longer have permission to read from this Channel topic: ${name.topic}`);
      allowed = answer;
    }
    identity = verified.identity;
    writes = new Map();
    awaitExpiry();
    // Columns are granted to roles: with another one, filters have to be checked anew.
    if (config.wishes.length === 0 || !isOpen) return;
    if (identity.role === before.identity.role) return tell('postgres_changes', 'ok', 'Subscribed to PostgreSQL');
    subscriptions.remove(channel);
    await channel.subscribe();
  };

  const channel: Channel = {
    joinRef,
    topic,
    get isOpen() {
      return isOpen;
    },
    get identity() {
      return identity;
    },
    get hearsBroadcast() {
      return mayRead('broadcast');
    },
    get hearsPresence() {
      return mayRead('presence');
    },
    hasSeen: (messageId) => replayedIds.has(messageId),
    send,
    shutDown,
    leave: () => finish('phx_close'),
    close,
    restart: () => finish('phx_error'),
    subscribe: async (ready) => {
      try {
        const prepared = ready ?? (await subscriptions.prepare(identity, config.wishes));
        if ('problem' in prepared) return tell('postgres_changes', 'error', prepared.problem);
        if (!isOpen) return subscriptions.drop(prepared);
        subscriptions.add(channel, prepared);
        tell('postgres_changes', 'ok', 'Subscribed to PostgreSQL');
      } catch (error) {
        log(`a channel could not follow its tables: ${describeError(error)}`);
        finish('phx_error');
      }
    },
    handle: async (frame) => {
      switch (frame.event) {
        case 'broadcast':
          return handleBroadcast(frame);
        case 'presence':
          return handlePresence(frame);
        case 'access_token':
          return handleToken(frame);
        case 'phx_leave':
          reply(frame, 'ok');
          return finish('phx_close');
        default: // the real server ignores what it does not know, too
      }
    },
  };
  topics.add(name, channel);
  awaitExpiry();
  return channel;
};
