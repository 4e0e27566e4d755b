import type { RealtimeChannel, RealtimeChannelOptions } from '@supabase/supabase-js';
import { eventually } from '../../support/eventually.ts';
import type { Client } from './use-supabase.ts';

/** A change as supabase-js hands it over. */
export interface Change {
  readonly eventType: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly schema: string;
  readonly table: string;
  readonly commit_timestamp: string;
  readonly errors: readonly string[] | null;
  readonly new: Readonly<Record<string, unknown>>;
  readonly old: Readonly<Record<string, unknown>>;
}

export interface Broadcast {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly meta?: { readonly id: string; readonly replayed?: boolean };
}

export interface Binding {
  /** @default '*' */
  readonly event?: '*' | 'INSERT' | 'UPDATE' | 'DELETE';
  /** @default 'public' */
  readonly schema?: string;
  readonly table?: string;
  readonly filter?: string;
  readonly select?: string[];
}

export interface ListenOptions {
  readonly config?: RealtimeChannelOptions['config'];
  /** Changes to listen for; one list of what came for each. */
  readonly changes?: readonly Binding[];
}

interface SystemMessage {
  readonly extension: string;
  readonly status: string;
  readonly message: string;
}

/** A channel, and all that came on it so far. */
export interface Listener {
  readonly channel: RealtimeChannel;
  /** What the callback of subscribe() was told, such as `SUBSCRIBED` or `CHANNEL_ERROR: the reason`. */
  readonly statuses: readonly string[];
  /** Of each binding, in its order. */
  readonly changes: readonly (readonly Change[])[];
  readonly broadcasts: readonly Broadcast[];
  readonly system: readonly SystemMessage[];
}

/** Joins, and does not wait for the answer. */
export const beginToListen = (client: Client, topic: string, { config = {}, changes = [] }: ListenOptions = {}): Listener => {
  const channel = client.channel(topic, { config });
  const statuses: string[] = [];
  const broadcasts: Broadcast[] = [];
  const system: SystemMessage[] = [];
  const lists = changes.map(({ event = '*', schema = 'public', ...rest }) => {
    const list: Change[] = [];
    // The types know one call for each event, and none for all of them.
    channel.on('postgres_changes', { event: event as '*', schema, ...rest } as never, (change: unknown) => {
      list.push(change as Change);
    });
    return list;
  });
  channel.on('broadcast', { event: '*' }, (message) => void broadcasts.push(message as unknown as Broadcast));
  channel.on('system', {}, (message: SystemMessage) => void system.push(message));
  channel.subscribe((status, error) => void statuses.push(error === undefined ? status : `${status}: ${error.message}`));
  return { channel, statuses, changes: lists, broadcasts, system };
};

/** Joins, and waits until the channel, and its changes if it has any, flow. */
export const listen = async (client: Client, topic: string, options: ListenOptions = {}): Promise<Listener> => {
  const listener = beginToListen(client, topic, options);
  await eventually(() => {
    const last = listener.statuses.at(-1);
    if (last !== 'SUBSCRIBED') throw new Error(`the channel is ${last ?? 'joining'}`);
    if (options.changes !== undefined && !listener.system.some(({ status }) => status === 'ok'))
      throw new Error(`the changes do not flow yet: ${JSON.stringify(listener.system)}`);
  });
  return listener;
};

/** What refusalToListen() says of a channel that was not refused. */
export const LET_IN = 'it was let in';

/** Joins a channel that must be refused, leaves it, and says why it was: for supabase-js, or in a message of the system. */
export const refusalToListen = async (client: Client, topic: string, options: ListenOptions = {}): Promise<string> => {
  const { channel, statuses, system } = beginToListen(client, topic, options);
  const isLetIn = (): boolean =>
    options.changes === undefined ? statuses.includes('SUBSCRIBED') : system.some(({ status }) => status === 'ok');
  const reason = await eventually(
    () => {
      const refused = statuses.find((status) => status.startsWith('CHANNEL_ERROR: '));
      const failed = system.find(({ status }) => status === 'error');
      const found = refused?.slice('CHANNEL_ERROR: '.length) ?? failed?.message ?? (isLetIn() ? LET_IN : undefined);
      if (found === undefined) throw new Error(`there is no answer yet: ${JSON.stringify(statuses)}`);
      return found;
    },
    { timeoutMs: 20_000 },
  );
  await client.removeChannel(channel);
  return reason;
};

/** Leaves all channels and keeps the connection, which removeAllChannels() would close. */
export const leaveChannels = async (client: Client): Promise<void> => {
  await Promise.all(client.getChannels().map((channel) => client.removeChannel(channel)));
};

/** A topic that nobody else uses. */
export const makeTopic = (prefix: string, kind = 'room'): string =>
  `${kind}:${prefix}:${Math.random().toString(36).slice(2, 10)}`;
