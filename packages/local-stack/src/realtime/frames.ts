import { isRecord } from '../private-file.ts';
import { parseJson } from './json.ts';

/** Versions of the Phoenix protocol: frames as objects, and frames as arrays or bytes. */
export type Vsn = '1.0.0' | '2.0.0';
export type Ref = string | number | null;

/** A message that a client sends on a channel: JSON text that travels on as it came, or bytes. */
export type Broadcast =
  | { readonly kind: 'json'; readonly body: string; readonly payloadBytes: number }
  | { readonly kind: 'binary'; readonly event: string; readonly bytes: Buffer; readonly payloadBytes: number };

export interface ClientFrame {
  readonly joinRef: Ref;
  readonly ref: Ref;
  readonly topic: string;
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Set when the event is `broadcast`. */
  readonly broadcast?: Broadcast;
}

export type Decoded = { readonly frame: ClientFrame } | { readonly problem: string };

export interface DecodeLimits {
  readonly jsonDepth: number;
  readonly topicBytes: number;
}

const MAX_NAME_BYTES = 255;
const CLIENT_BROADCAST = 3;
const SERVER_BROADCAST = 4;

/** Reads a text frame. Never throws: what is wrong comes back as a problem. */
export const decodeText = (text: string, vsn: Vsn, limits: DecodeLimits): Decoded => {
  const value = parseJson(text, limits.jsonDepth);
  if ('problem' in value) return value;
  const parts = vsn === '2.0.0' ? readArray(value.json) : readObject(value.json);
  if (parts === undefined) return { problem: 'not a frame of this protocol version' };
  const [joinRef, ref, topic, event, payload] = parts;
  if (!isRef(joinRef) || !isRef(ref)) return { problem: 'a reference is neither text nor a number' };
  if (!isName(topic, limits.topicBytes) || !isName(event, MAX_NAME_BYTES))
    return { problem: 'topic or event is not a short text' };
  if (!isRecord(payload)) return { problem: 'the payload is not an object' };
  const frame = { joinRef, ref, topic, event, payload };
  if (event !== 'broadcast') return { frame };
  const body = JSON.stringify(payload);
  return { frame: { ...frame, broadcast: { kind: 'json', body, payloadBytes: Buffer.byteLength(body) } } };
};

/** Reads a binary frame of kind 3, the only one that clients send. Never throws. */
export const decodeBinary = (data: Buffer, limits: DecodeLimits): Decoded => {
  if (data.length < 7 || data[0] !== CLIENT_BROADCAST) return { problem: 'not a binary frame of kind 3' };
  const lengths = [...data.subarray(1, 6)];
  const payloadAt = 7 + lengths.reduce((sum, length) => sum + length, 0);
  if (payloadAt > data.length) return { problem: 'the binary frame ends too early' };
  let at = 7;
  const [joinRef = '', ref = '', topic = '', event = ''] = lengths.map((length) => {
    at += length;
    return data.toString('utf8', at - length, at);
  });
  if (!isName(topic, limits.topicBytes) || !isName(event, MAX_NAME_BYTES))
    return { problem: 'topic or event is not a short text' };
  const bytes = data.subarray(payloadAt);
  const head = { joinRef: joinRef === '' ? null : joinRef, ref: ref === '' ? null : ref, topic, event: 'broadcast', payload: {} };
  const payloadBytes = bytes.length;
  if (data[6] === 0) return { frame: { ...head, broadcast: { kind: 'binary', event, bytes, payloadBytes } } };
  const text = bytes.length === 0 ? '{}' : bytes.toString('utf8');
  const value = parseJson(text, limits.jsonDepth);
  if ('problem' in value) return value;
  return { frame: { ...head, broadcast: { kind: 'json', body: broadcastBody({ event, payload: text }), payloadBytes } } };
};

export interface ServerMessage {
  readonly joinRef?: Ref;
  readonly ref?: Ref;
  readonly topic: string;
  readonly event: string;
  /** JSON text. */
  readonly payload: string;
}

/** The same message, encoded at most once for each version however many sockets get it. */
export interface OutgoingFrame {
  /** Undefined: this version cannot say it. */
  encode(vsn: Vsn): OutgoingData | undefined;
}

export interface OutgoingData {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

export const textFrame = ({ joinRef = null, ref = null, topic, event, payload }: ServerMessage): OutgoingFrame => {
  const [join, own, on, what] = [joinRef, ref, topic, event].map((part) => JSON.stringify(part));
  return encodeOnce((vsn) => ({
    isBinary: false,
    data: Buffer.from(
      vsn === '2.0.0'
        ? `[${join},${own},${on},${what},${payload}]`
        : `{"topic":${on},"event":${what},"payload":${payload},"ref":${own},"join_ref":${join}}`,
    ),
  }));
};

/** A frame for everybody on the topic. Version 1 cannot carry bytes; as on the real server its clients miss them. */
export const broadcastFrame = (topic: string, broadcast: Broadcast, meta?: Readonly<Record<string, unknown>>): OutgoingFrame =>
  broadcast.kind === 'json'
    ? textFrame({ topic, event: 'broadcast', payload: broadcast.body })
    : encodeOnce((vsn) => (vsn === '2.0.0' ? encodeBytes(topic, broadcast, meta) : undefined));

/** The payload of a broadcast around a payload that is JSON text already. */
export const broadcastBody = ({
  event,
  payload,
  meta,
}: {
  readonly event: string;
  readonly payload: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}): string =>
  `{"event":${JSON.stringify(event)},"payload":${payload},"type":"broadcast"${meta === undefined ? '' : `,"meta":${JSON.stringify(meta)}`}}`;

const encodeOnce = (encode: (vsn: Vsn) => OutgoingData | undefined): OutgoingFrame => {
  const known = new Map<Vsn, OutgoingData | undefined>();
  return {
    encode: (vsn) => {
      if (!known.has(vsn)) known.set(vsn, encode(vsn));
      return known.get(vsn);
    },
  };
};

const encodeBytes = (
  topic: string,
  { event, bytes }: { readonly event: string; readonly bytes: Buffer },
  meta: Readonly<Record<string, unknown>> | undefined,
): OutgoingData => {
  const parts = [topic, event, meta === undefined ? '' : JSON.stringify(meta)].map((part) => Buffer.from(part));
  const head = Buffer.from([SERVER_BROADCAST, ...parts.map((part) => part.length), 0]);
  return { data: Buffer.concat([head, ...parts, bytes]), isBinary: true };
};

const readArray = (json: unknown): readonly unknown[] | undefined =>
  Array.isArray(json) && json.length === 5 ? (json as readonly unknown[]) : undefined;

const readObject = (json: unknown): readonly unknown[] | undefined =>
  isRecord(json) ? [json['join_ref'] ?? null, json['ref'] ?? null, json['topic'], json['event'], json['payload']] : undefined;

const isRef = (value: unknown): value is Ref => {
  if (typeof value === 'string') return Buffer.byteLength(value) <= MAX_NAME_BYTES;
  return value === null || (typeof value === 'number' && Number.isFinite(value));
};

/** Postgres takes no NUL, and half a surrogate pair is no text anywhere. */
const isName = (value: unknown, maxBytes: number): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  Buffer.byteLength(value) <= maxBytes &&
  value.isWellFormed() &&
  !value.includes('\0');
