import { describeError } from '../stack-error.ts';
import { broadcastFrame, textFrame, type ClientFrame, type OutgoingFrame } from './frames.ts';
import { echoBinding } from './bindings.ts';
import { createChannel, type Channel, type ChannelPorts } from './channel.ts';
import { parseJoin, type JoinConfig } from './join-config.ts';
import type { Database } from './database.ts';
import { readBroadcast, type MessageRow } from './messages.ts';
import type { Rate } from './rate.ts';
import type { Prepared } from './subscriptions.ts';
import { isProjectKey, type Identity } from './tokens.ts';
import type { TopicAnswer } from './topic-policies.ts';
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

/** Lets a connection into a topic, or says why not; undefined: not. */
export type Join = (options: JoinOptions) => Promise<Channel | undefined>;

const PREFIX = 'realtime:';
const UNAVAILABLE = 'UnableToConnectToProject: Realtime was unable to connect to the project database';

class Refusal extends Error {}

export const createJoin = (ports: JoinPorts): Join => {
  const { tokens, askPolicies, database, watches, messagesEntity, subscriptions, topics, limits } = ports;

  const identify = async (token: string | undefined, connection: JoiningConnection): Promise<Identity> => {
    if (token === undefined || isProjectKey(token)) return connection.identity;
    const verified = await tokens.verify(token);
    if ('problem' in verified) throw new Refusal(`${verified.problem.code}: ${verified.problem.message}`);
    return verified.identity;
  };
  const authorize = async (topic: string, config: JoinConfig, identity: Identity): Promise<NonNullable<TopicAnswer>> => {
    if (!config.isPrivate) return new Set();
    const reads = config.presence.isEnabled ? (['broadcast', 'presence'] as const) : (['broadcast'] as const);
    const answer = await askPolicies({ identity, topic, reads });
    if (answer === undefined) throw new Refusal(UNAVAILABLE);
    const isRefused = answer.size === 0 || (config.replay !== undefined && !answer.has('read:broadcast'));
    if (isRefused) throw new Refusal(`Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`);
    return answer;
  };
  const findReplay = async (topic: string, { replay, isPrivate }: JoinConfig): Promise<readonly MessageRow[]> => {
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
  const prepareChanges = async (config: JoinConfig, identity: Identity): Promise<Prepared | undefined> => {
    if (config.wishes.length > limits.bindingsPerChannel)
      throw new Refusal(`InvalidJoinPayload: postgres_changes: more than ${limits.bindingsPerChannel} bindings`);
    if (!config.waitsForChanges || config.wishes.length === 0) return undefined;
    const prepared = await subscriptions.prepare(identity, config.wishes);
    if ('problem' in prepared) throw new Refusal(prepared.problem);
    return prepared;
  };
  const enter = async ({ frame, connection, onClosed }: JoinOptions): Promise<Channel | undefined> => {
    const topic = readTopic(frame.topic);
    const parsed = parseJoin(frame.payload);
    if ('problem' in parsed) throw new Refusal(parsed.problem);
    const { config } = parsed;
    const identity = await identify(config.token, connection);
    const allowed = await authorize(topic, config, identity);
    const replayed = await findReplay(topic, config);
    await watches.add([messagesEntity]);
    let prepared: Prepared | undefined;
    try {
      prepared = await prepareChanges(config, identity);
    } catch (error) {
      watches.remove([messagesEntity]);
      throw error;
    }
    if (!connection.isOpen()) {
      watches.remove([messagesEntity]);
      if (prepared !== undefined) subscriptions.drop(prepared);
      return undefined;
    }
    const response = { postgres_changes: config.wishes.map(echoBinding) };
    connection.send(replyTo(frame, { status: 'ok', response }));
    const channel = createChannel(ports, {
      name: { topic, isPrivate: config.isPrivate },
      joinRef: frame.joinRef,
      config,
      identity,
      allowed,
      presenceRate: connection.presenceRate,
      replayedIds: new Set(replayed.map(({ id }) => id)),
      send: (outgoing) => connection.send(outgoing),
      onClosed: () => {
        watches.remove([messagesEntity]);
        onClosed();
      },
    });
    if (config.presence.isEnabled && channel.hearsPresence)
      channel.send(
        textFrame({
          joinRef: frame.joinRef,
          topic: frame.topic,
          event: 'presence_state',
          payload: topics.presenceState({ topic, isPrivate: config.isPrivate }),
        }),
      );
    for (const row of replayed) {
      const broadcast = readBroadcast(row, limits, { replayed: true });
      if (broadcast !== undefined) channel.send(broadcastFrame(frame.topic, broadcast, { replayed: true, id: row.id }));
    }
    // In its own time: the table's writers may keep it waiting, and the channel works meanwhile.
    if (config.wishes.length > 0) void channel.subscribe(prepared);
    return channel;
  };

  return async (options) => {
    try {
      return await enter(options);
    } catch (error) {
      const reason = error instanceof Refusal ? error.message : UNAVAILABLE;
      if (!(error instanceof Refusal)) ports.log(`a join failed: ${describeError(error)}`);
      options.connection.send(replyTo(options.frame, { status: 'error', response: { reason } }));
      return undefined;
    }
  };
};

export const replyTo = (
  frame: ClientFrame,
  payload: { readonly status: 'ok' | 'error'; readonly response: unknown },
): OutgoingFrame =>
  textFrame({ joinRef: frame.joinRef, ref: frame.ref, topic: frame.topic, event: 'phx_reply', payload: JSON.stringify(payload) });

const readTopic = (topic: string): string => {
  if (!topic.startsWith(PREFIX)) throw new Refusal('unmatched topic');
  if (topic === PREFIX) throw new Refusal('TopicNameRequired: You must provide a topic name');
  return topic.slice(PREFIX.length);
};
