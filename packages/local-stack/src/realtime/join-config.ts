import { isRecord } from '../private-file.ts';

/** What a client asks for when it joins a channel. */
export interface JoinConfig {
  readonly isPrivate: boolean;
  /** Whether it hears what it sends itself. */
  readonly hearsSelf: boolean;
  readonly wantsAck: boolean;
  readonly presence: { readonly isEnabled: boolean; readonly key: string };
  /** Messages that it missed, on private channels. */
  readonly replay: { readonly sinceMs: number; readonly limit: number } | undefined;
  /** Bindings to postgres_changes, unread. */
  readonly wishes: readonly unknown[];
  /** Whether the answer waits for the bindings to work. */
  readonly waitsForChanges: boolean;
  readonly token: string | undefined;
}

export type ParsedJoin = { readonly config: JoinConfig } | { readonly problem: string };

const MAX_REPLAY = 25;

export const parseJoin = (payload: Readonly<Record<string, unknown>>): ParsedJoin => {
  try {
    return { config: readJoin(payload) };
  } catch (error) {
    if (error instanceof WrongType) return { problem: `InvalidJoinPayload: ${error.message}` };
    throw error;
  }
};

class WrongType extends Error {
  constructor(name: string, expected: string) {
    super(`${name}: unable to parse, expected ${expected}`);
  }
}

const readJoin = (payload: Readonly<Record<string, unknown>>): JoinConfig => {
  const config = readRecord(payload, 'config');
  const broadcast = readRecord(config, 'broadcast');
  const presence = readRecord(config, 'presence');
  const { postgres_changes: wishes = [] } = config;
  if (wishes !== null && !Array.isArray(wishes)) throw new WrongType('postgres_changes', 'an array of maps');
  return {
    isPrivate: readFlag(config, 'private'),
    hearsSelf: readFlag(broadcast, 'self'),
    wantsAck: readFlag(broadcast, 'ack'),
    presence: { isEnabled: readFlag(presence, 'enabled'), key: readKey(presence) },
    replay: broadcast['replay'] === undefined ? undefined : readReplay(readRecord(broadcast, 'replay')),
    wishes: ((wishes ?? []) as readonly unknown[]).filter((wish) => wish !== null),
    waitsForChanges: readFlag(readRecord(config, 'postgres_changes_options'), 'wait'),
    token: readText(payload, 'user_token') ?? readText(payload, 'access_token'),
  };
};

const readRecord = (from: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> => {
  const value = from[name] ?? {};
  if (!isRecord(value)) throw new WrongType(name, 'a map');
  return value;
};

/** Some clients send their flags as text. */
const readFlag = (from: Readonly<Record<string, unknown>>, name: string): boolean => {
  const value = from[name] ?? false;
  const flag = typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : value;
  if (typeof flag !== 'boolean') throw new WrongType(name, 'boolean');
  return flag;
};

const readText = (from: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = from[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw new WrongType(name, 'string');
  return value;
};

const readKey = ({ key }: Readonly<Record<string, unknown>>): string => {
  if (key === undefined || key === null || key === '') return crypto.randomUUID();
  if (typeof key !== 'string' && typeof key !== 'number') throw new WrongType('presence key', 'string');
  return String(key);
};

const readReplay = ({ since, limit = MAX_REPLAY }: Readonly<Record<string, unknown>>): JoinConfig['replay'] => {
  if (!Number.isSafeInteger(since)) throw new WrongType('since', 'integer');
  if (!Number.isSafeInteger(limit)) throw new WrongType('limit', 'integer');
  return { sinceMs: Number(since), limit: Math.max(1, Math.min(MAX_REPLAY, Number(limit))) };
};
