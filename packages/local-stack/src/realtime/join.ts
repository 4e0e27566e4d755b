import { describeError } from '../stack-error.ts';
import { echoBinding } from './bindings.ts';
import { createChannel, type Channel, type ChannelPorts } from './channel.ts';
import type { Database } from './database.ts';
import { broadcastFrame, textFrame, type ClientFrame, type OutgoingFrame } from './frames.ts';
import { parseJoin, type JoinConfig } from './join-config.ts';
import { readBroadcast, type MessageRow } from './messages.ts';
import type { Rate } from './rate.ts';
import type { Prepared } from './subscriptions.ts';
import { isProjectKey, type Identity } from './tokens.ts';
import type { TopicAnswer } from './topic-policies.ts';
import type { TopicName } from './topics.ts';
import type { Watches } from './watches.ts';

export interface JoinPorts extends ChannelPorts {
  readonly database: Pick<Database, 'query'>;
  readonly watches: Pick<Watches, 'add' | 'remove'>;
  /** The table realtime.messages. */
  readonly messagesEntity: number;
}

export interface JoiningConnection {
  /** Who the key of the connection stands for. */
  readonly identity: Identity;
  readonly presenceRate: Rate;
  isOpen(): boolean;
  send(frame: OutgoingFrame): void;
}

export interface JoinOptions {
  readonly frame: ClientFrame;
  readonly connection: JoiningConnection;
  readonly onClosed: () => void;
}

/** Lets a connection into a topic, or says why not; undefined: not. Never throws. */
export type Join = (options: JoinOptions) => Promise<Channel | undefined>;

const PREFIX = 'realtime:';
/** Clients give a join up after 10 s, so a foreign transaction may not keep it waiting for long. */
const JOIN_PATIENCE_MS = 2_000;
const UNAVAILABLE = 'UnableToConnectToProject: Realtime was unable to connect to the project database';

class Refusal extends Error {}

export const createJoin =
  (ports: JoinPorts): Join =>
  async (options) => {
    try {
      const admission = await admit(ports, options);
      return await enter(ports, options, admission);
    } catch (error) {
      const reason = error instanceof Refusal ? error.message : UNAVAILABLE;
      if (!(error instanceof Refusal)) ports.log(`a join failed: ${describeError(error)}`);
      options.connection.send(replyTo(options.frame, { status: 'error', response: { reason } }));
      return undefined;
    }
  };

export const replyTo = (
  frame: ClientFrame,
  payload: { readonly status: 'ok' | 'error'; readonly response: unknown },
): OutgoingFrame =>
  textFrame({ joinRef: frame.joinRef, ref: frame.ref, topic: frame.topic, event: 'phx_reply', payload: JSON.stringify(payload) });

/** All that a channel needs, found out and asked for before it is there. */
interface Admission {
  readonly name: TopicName;
  readonly config: JoinConfig;
  readonly identity: Identity;
  readonly allowed: NonNullable<TopicAnswer>;
  readonly replayed: readonly MessageRow[];
}

const admit = async (ports: JoinPorts, { frame, connection }: JoinOptions): Promise<Admission> => {
  const topic = readTopic(frame.topic);
  const parsed = parseJoin(frame.payload);
  if ('problem' in parsed) throw new Refusal(parsed.problem);
  const { config } = parsed;
  const { bindingsPerChannel } = ports.limits;
  if (config.wishes.length > bindingsPerChannel)
    throw new Refusal(`InvalidJoinPayload: postgres_changes: more than ${bindingsPerChannel} bindings`);
  const name = { topic, isPrivate: config.isPrivate };
  const identity = await identify(ports, config.token, connection);
  const allowed = await authorize(ports, { name, config, identity });
  return { name, config, identity, allowed, replayed: await findReplay(ports, name, config) };
};

const enter = async (ports: JoinPorts, options: JoinOptions, admission: Admission): Promise<Channel | undefined> => {
  const { frame, connection, onClosed } = options;
  const { name, config, identity, allowed, replayed } = admission;
  const { watches, messagesEntity, subscriptions } = ports;
  await watches.add([messagesEntity], JOIN_PATIENCE_MS);
  const unwatch = (): void => watches.remove([messagesEntity]);
  const prepared = await prepareChanges(ports, config, identity).catch((error: unknown) => {
    unwatch();
    throw error;
  });
  if (!connection.isOpen()) {
    unwatch();
    if (prepared !== undefined) subscriptions.drop(prepared);
    return undefined;
  }
  const response = { postgres_changes: config.wishes.map(echoBinding) };
  connection.send(replyTo(frame, { status: 'ok', response }));
  const channel = createChannel(ports, {
    name,
    joinRef: frame.joinRef,
    config,
    identity,
    allowed,
    presenceRate: connection.presenceRate,
    replayedIds: new Set(replayed.map(({ id }) => id)),
    send: (outgoing) => connection.send(outgoing),
    onClosed: () => {
      unwatch();
      onClosed();
    },
  });
  welcome(ports, channel, admission);
  // In its own time: the table's writers may keep it waiting, and the channel works meanwhile.
  if (config.wishes.length > 0) void channel.subscribe(prepared);
  return channel;
};

/** Who is there, and what it has missed. */
const welcome = ({ topics, limits }: JoinPorts, channel: Channel, { name, config, replayed }: Admission): void => {
  const { joinRef, topic } = channel;
  if (config.presence.isEnabled && channel.hearsPresence)
    channel.send(textFrame({ joinRef, topic, event: 'presence_state', payload: topics.presenceState(name) }));
  for (const row of replayed) {
    const broadcast = readBroadcast(row, limits, { replayed: true });
    if (broadcast !== undefined) channel.send(broadcastFrame(topic, broadcast, { replayed: true, id: row.id }));
  }
};

const readTopic = (topic: string): string => {
  if (!topic.startsWith(PREFIX)) throw new Refusal('unmatched topic');
  if (topic === PREFIX) throw new Refusal('TopicNameRequired: You must provide a topic name');
  return topic.slice(PREFIX.length);
};

const identify = async ({ tokens }: JoinPorts, token: string | undefined, connection: JoiningConnection): Promise<Identity> => {
  if (token === undefined || isProjectKey(token)) return connection.identity;
  const verified = await tokens.verify(token);
  if ('problem' in verified) throw new Refusal(`${verified.problem.code}: ${verified.problem.message}`);
  return verified.identity;
};

const authorize = async (
  { askPolicies }: JoinPorts,
  { name: { topic, isPrivate }, config, identity }: Pick<Admission, 'name' | 'config' | 'identity'>,
): Promise<NonNullable<TopicAnswer>> => {
  if (!isPrivate) return new Set();
  const answer = await askPolicies({
    identity,
    topic,
    reads: config.presence.isEnabled ? ['broadcast', 'presence'] : ['broadcast'],
  });
  if (answer === undefined) throw new Refusal(UNAVAILABLE);
  if (answer.size === 0 || (config.replay !== undefined && !answer.has('read:broadcast')))
    throw new Refusal(`Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`);
  return answer;
};

const findReplay = async (
  { database }: JoinPorts,
  { topic, isPrivate }: TopicName,
  { replay }: JoinConfig,
): Promise<readonly MessageRow[]> => {
  if (replay === undefined) return [];
  if (!isPrivate) throw new Refusal('UnableToReplayMessages: Replay is not allowed for public channels');
  const rows = await database.query<MessageRow>(
    `select id, topic, event, private, payload::text as payload, binary_payload from realtime.messages
     where topic = $1 and private and extension = 'broadcast' and inserted_at >= to_timestamp($2::float8 / 1000) at time zone 'utc'
     order by inserted_at desc limit $3`,
    [topic, replay.sinceMs, replay.limit],
  );
  return rows.toReversed();
};

/** Before the join is answered only when the client wants to wait for it. */
const prepareChanges = async (
  { subscriptions }: JoinPorts,
  { waitsForChanges, wishes }: JoinConfig,
  identity: Identity,
): Promise<Prepared | undefined> => {
  if (!waitsForChanges || wishes.length === 0) return undefined;
  const prepared = await subscriptions.prepare(identity, wishes);
  if ('problem' in prepared) throw new Refusal(prepared.problem);
  return prepared;
};
