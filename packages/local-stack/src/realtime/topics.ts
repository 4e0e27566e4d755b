import { textFrame, type OutgoingFrame } from './frames.ts';
import { createPresence, type Presence, type Shown } from './presence.ts';

/** Private and public channels of the same name are two topics. */
export interface TopicName {
  /** Without `realtime:`. */
  readonly topic: string;
  readonly isPrivate: boolean;
}

/** A channel, as far as topics know it. */
export interface Listener {
  readonly hearsBroadcast: boolean;
  readonly hearsPresence: boolean;
  send(frame: OutgoingFrame): void;
  /** Whether the message was replayed to it when it joined. */
  hasSeen(messageId: string): boolean;
}

export interface Message {
  readonly frame: OutgoingFrame;
  readonly messageId?: string;
  /** The sender, when he does not want to hear himself. */
  readonly except?: Listener;
}

export interface Topics {
  add(name: TopicName, listener: Listener): void;
  /** Also ends its presence. */
  remove(name: TopicName, listener: Listener): void;
  fanOut(name: TopicName, message: Message): void;
  track(name: TopicName, listener: Listener, shown: { readonly key: string; readonly meta: Shown }): void;
  untrack(name: TopicName, listener: Listener): void;
  /** JSON text. */
  presenceState(name: TopicName): string;
  readonly listenerCount: number;
}

interface Topic {
  readonly listeners: Set<Listener>;
  readonly presence: Presence<Listener>;
}

export const createTopics = (): Topics => {
  const topics = new Map<string, Topic>();
  let listenerCount = 0;
  const find = (name: TopicName): Topic | undefined => topics.get(keyOf(name));
  const tellPresence = (name: TopicName, diff: string | undefined): void => {
    if (diff === undefined) return;
    const frame = textFrame({ topic: `realtime:${name.topic}`, event: 'presence_diff', payload: diff });
    for (const listener of find(name)?.listeners ?? []) if (listener.hearsPresence) listener.send(frame);
  };
  return {
    add: (name, listener) => {
      const topic = find(name) ?? { listeners: new Set(), presence: createPresence() };
      topics.set(keyOf(name), topic);
      topic.listeners.add(listener);
      listenerCount += 1;
    },
    remove: (name, listener) => {
      const topic = find(name);
      if (topic?.listeners.delete(listener) !== true) return;
      listenerCount -= 1;
      tellPresence(name, topic.presence.untrack(listener));
      if (topic.listeners.size === 0) topics.delete(keyOf(name));
    },
    fanOut: (name, { frame, messageId, except }) => {
      for (const listener of find(name)?.listeners ?? []) {
        if (listener === except || !listener.hearsBroadcast) continue;
        if (messageId !== undefined && listener.hasSeen(messageId)) continue;
        listener.send(frame);
      }
    },
    track: (name, listener, { key, meta }) => tellPresence(name, find(name)?.presence.track(listener, key, meta)),
    untrack: (name, listener) => tellPresence(name, find(name)?.presence.untrack(listener)),
    presenceState: (name) => find(name)?.presence.state() ?? '{}',
    get listenerCount() {
      return listenerCount;
    },
  };
};

const keyOf = ({ topic, isPrivate }: TopicName): string => `${isPrivate ? 'private' : 'public'}:${topic}`;
