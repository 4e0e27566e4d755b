import type { ChannelLike, RealtimeLike } from '../supabase/supabase-like.ts';

/** What happens on a topic. */
export type TopicNews =
  | { readonly type: 'joined' }
  /** The server does not let this client in under this name. */
  | { readonly type: 'refused'; readonly reason: string }
  /** Down for now: it joins again by itself. */
  | { readonly type: 'lost'; readonly reason: string }
  /** Down for good: join anew. */
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'message'; readonly event: string; readonly payload: unknown };

export type TopicListener = (news: TopicNews) => void;

/** One private channel for all who listen on its topic. */
export interface SharedChannel {
  /** Tells the listener `joined` when messages arrive. Asked again, it replaces a channel that does not come back. */
  add(listener: TopicListener): void;
  remove(listener: TopicListener): void;
}

export interface SharedChannelOptions {
  readonly topic: string;
  readonly realtime: RealtimeLike;
  readonly setAuth: () => Promise<void>;
  /** Nobody listens, and nothing is left of it. */
  readonly onUnused: () => void;
}

export const createSharedChannel = (options: SharedChannelOptions): SharedChannel => {
  const { realtime } = options;
  const listeners = new Set<TopicListener>();
  const tell = (news: TopicNews): void => {
    for (const listener of listeners) listener(news);
  };
  const holder = createChannelHolder({ ...options, isWanted: () => listeners.size > 0, tell });
  return {
    add: (listener) => {
      listeners.add(listener);
      switch (holder.state()) {
        case 'joined':
          return queueMicrotask(() => holder.state() === 'joined' && listener({ type: 'joined' }));
        case 'opening':
          return;
        case 'down':
          // Without a socket there is nothing to replace: all channels join again when it is back.
          return realtime.isConnected() ? holder.replace() : realtime.connect();
        case 'idle':
          return holder.open();
      }
    },
    remove: (listener) => {
      // Whoever comes next, in the same turn say, takes the channel over.
      if (listeners.delete(listener)) void later().then(() => (listeners.size === 0 ? holder.drop() : undefined));
    },
  };
};

type HolderState = 'idle' | 'opening' | 'joined' | 'down';

interface ChannelHolder {
  state(): HolderState;
  open(): void;
  drop(): void;
  replace(): void;
}

interface HolderOptions extends SharedChannelOptions {
  readonly isWanted: () => boolean;
  readonly tell: (news: TopicNews) => void;
}

const createChannelHolder = ({ topic, realtime, setAuth, onUnused, isWanted, tell }: HolderOptions): ChannelHolder => {
  let state: HolderState = 'idle';
  let channel: ChannelLike | undefined;
  /** Until it is over supabase-js would hand out the channel that is being removed. */
  let removal: Promise<unknown> = Promise.resolve();

  const open = (): void => {
    state = 'opening';
    void openNow().catch((error: unknown) => {
      state = 'idle';
      tell({ type: 'closed', reason: error instanceof Error ? error.message : String(error) });
    });
  };
  const openNow = async (): Promise<void> => {
    await removal;
    // Without it a join carries no token, and none is pushed later: the channel would silently be that of a visitor.
    await setAuth();
    if (channel !== undefined) return;
    if (!isWanted()) return forget();
    const opened = realtime.channel(topic, { config: { private: true } });
    channel = opened;
    opened.on('broadcast', { event: '*' }, ({ event, payload }) => tell({ type: 'message', event, payload }));
    opened.subscribe((status, error) => {
      if (channel === opened) hear(readStatus(status, error));
    });
  };
  const hear = (news: TopicNews): void => {
    if (news.type === 'refused') drop();
    else if (news.type === 'closed') channel = undefined;
    state = STATE_AFTER[news.type];
    tell(news);
  };
  /** Never at once: removing a channel inside its own status callback calls that callback again, without end. */
  const drop = (): void => {
    const dropped = channel;
    channel = undefined;
    state = 'idle';
    removal = removal
      .then(() => dropped && realtime.removeChannel(dropped as never))
      .catch(() => {}) // it is of no more use to anybody, removed or not
      .then(forget);
  };
  const forget = (): void => {
    if (isWanted() || channel !== undefined) return;
    state = 'idle';
    onUnused();
  };
  const replace = (): void => {
    drop();
    open();
  };
  return { state: () => state, open, drop, replace };
};

const STATE_AFTER: Readonly<Record<TopicNews['type'], HolderState>> = {
  joined: 'joined',
  message: 'joined',
  lost: 'down',
  refused: 'idle',
  closed: 'idle',
};

const readStatus = (status: string, error: Error | undefined): TopicNews => {
  if (status === 'SUBSCRIBED') return { type: 'joined' };
  if (status === 'CLOSED') return { type: 'closed', reason: 'the channel was closed' };
  const refusal = readRefusal(error);
  if (refusal !== undefined) return { type: 'refused', reason: refusal };
  return { type: 'lost', reason: error?.message ?? 'the server does not answer' };
};

/** The server's own words, where it answered a join; undefined: the socket was lost, or nobody answered. */
const readRefusal = (error: Error | undefined): string | undefined => {
  const cause = error?.cause;
  if (typeof cause !== 'object' || cause === null || 'code' in cause || !('reason' in cause)) return undefined;
  return typeof cause.reason === 'string' ? cause.reason : undefined;
};

/** A macrotask later: whatever called us has returned. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
