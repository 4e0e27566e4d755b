import type { ChannelLike, RealtimeLike, ReceivedMessage } from '../../../../packages/client/src/supabase/supabase-like.ts';

/** A channel of the model, and what the test does to it. */
export interface ModelChannel extends ChannelLike {
  readonly topic: string;
  readonly isRemoved: boolean;
  report(status: string, error?: Error): void;
  receive(message: ReceivedMessage): void;
}

/** The part of supabase-js that a channel sees, with its odd ways: a name has one channel, and removing takes a while. */
export const createRealtimeModel = () => {
  const channels: ModelChannel[] = [];
  const opened: ModelChannel[] = [];
  const log: string[] = [];
  const model = {
    isUp: true,
    channels,
    opened,
    log,
    /** Until it resolves a token is being fetched. */
    auth: Promise.resolve(),
    removal: Promise.resolve(),
  };
  const open = (topic: string): ModelChannel => {
    let isRemoved = false;
    let onStatus = (_status: string, _error?: Error): void => {};
    let onMessage = (_message: ReceivedMessage): void => {};
    let isReporting = false;
    const channel: ModelChannel = {
      topic,
      get isRemoved() {
        return isRemoved;
      },
      on: (_type, _filter, callback) => {
        onMessage = callback;
      },
      subscribe: (callback) => {
        log.push(`subscribe ${topic}`);
        onStatus = callback;
      },
      report: (status, error) => {
        isReporting = true;
        onStatus(status, error);
        isReporting = false;
      },
      receive: (message) => onMessage(message),
    };
    Object.assign(channel, {
      remove: () => {
        if (isReporting) throw new Error('removed inside its own status callback');
        isRemoved = true;
        log.push(`remove ${topic}`);
        onStatus('CLOSED');
      },
    });
    channels.push(channel);
    opened.push(channel);
    return channel;
  };
  const realtime: RealtimeLike = {
    setAuth: async () => {
      log.push('setAuth');
      await model.auth;
    },
    isConnected: () => model.isUp,
    connect: () => void log.push('connect'),
    disconnect: async () => 'ok',
    getChannels: () => channels,
    channel: (topic) => channels.find((known) => known.topic === topic) ?? open(topic),
    removeChannel: async (channel: never) => {
      const own = channel as ModelChannel & { readonly remove: () => void };
      own.remove();
      await model.removal;
      channels.splice(0, channels.length, ...channels.filter(({ topic }) => topic !== own.topic));
      return 'ok';
    },
  };
  return { ...model, model, realtime };
};
