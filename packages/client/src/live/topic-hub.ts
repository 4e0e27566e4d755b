import type { RealtimeLike } from '../supabase/supabase-like.ts';
import { createSharedChannel, type SharedChannel, type TopicListener } from './shared-channel.ts';

/** The private topics of one connection. */
export interface TopicHub {
  /** Tells the listener `joined` when messages arrive. Asked again, it replaces a channel that does not come back. */
  join(topic: string, listener: TopicListener): void;
  leave(topic: string, listener: TopicListener): void;
  /** Resolves when no channel is left, or after so many milliseconds. */
  whenUnused(timeoutMs: number): Promise<void>;
}

const SET_AUTH_TIMEOUT_MS = 10_000;

/** Everybody who listens on the same topic shares a channel: supabase-js knows only one of a name. */
export const createTopicHub = (realtime: RealtimeLike): TopicHub => {
  const channels = new Map<string, SharedChannel>();
  const setAuth = shareSetAuth(realtime);
  const waiters = new Set<() => void>();
  const create = (topic: string): SharedChannel => {
    const forget = (): void => {
      channels.delete(topic);
      if (channels.size === 0) for (const tell of waiters) tell();
    };
    const channel = createSharedChannel({ topic, realtime, setAuth, onUnused: forget });
    channels.set(topic, channel);
    return channel;
  };
  return {
    join: (topic, listener) => (channels.get(topic) ?? create(topic)).add(listener),
    leave: (topic, listener) => channels.get(topic)?.remove(listener),
    whenUnused: async (timeoutMs) => {
      if (channels.size === 0) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          waiters.delete(end);
          resolve();
        };
        const timer = setTimeout(end, timeoutMs);
        waiters.add(end);
      });
    },
  };
};

/** Several calls at a time overtake each other in supabase-js, and the overtaken ones return before the token is set. */
const shareSetAuth = (realtime: RealtimeLike): (() => Promise<void>) => {
  let current: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeOut = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SET_AUTH_TIMEOUT_MS);
    });
    // Whatever goes wrong with the token, the server's refusal says it better.
    await Promise.race([realtime.setAuth().catch(() => {}), timeOut]);
    clearTimeout(timer);
    current = undefined;
  };
  return () => (current ??= run());
};
