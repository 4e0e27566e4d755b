import { describeError } from '../stack-error.ts';
import { isRecord } from '../private-file.ts';
import { broadcastBody, broadcastFrame, type Broadcast } from './frames.ts';
import { parseJson } from './json.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Rate } from './rate.ts';
import type { Log } from './throttled-log.ts';
import { isProjectKey, type Identity, type Tokens } from './tokens.ts';
import type { AskPolicies } from './topic-policies.ts';
import type { Topics } from './topics.ts';

export interface RestBroadcastPorts {
  readonly topics: Pick<Topics, 'fanOut'>;
  readonly tokens: Tokens;
  readonly askPolicies: AskPolicies;
  readonly limits: RealtimeLimits;
  /** Messages of all callers. */
  readonly rate: Rate;
  readonly log: Log;
}

/** Answers requests below `/realtime/v1/api`. */
export type RestBroadcast = (request: Request) => Promise<Response>;

interface RestMessage {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly broadcast: Broadcast;
}

const BATCH_PATH = '/realtime/v1/api/broadcast';
const SINGLE_PATH = /^\/realtime\/v1\/api\/broadcast\/([^/]+)\/events\/([^/]+)$/;
const MAX_NAME_BYTES = 255;

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const createRestBroadcast =
  (ports: RestBroadcastPorts): RestBroadcast =>
  async (request) => {
    try {
      const { pathname } = new URL(request.url);
      const single = SINGLE_PATH.exec(pathname);
      if (single === null && pathname !== BATCH_PATH) throw new Refused(404, 'not found');
      if (request.method !== 'POST') throw new Refused(405, 'Method not allowed');
      const identity = await authenticate(ports, request.headers);
      if (single === null) await sendBatch(ports, request, identity);
      else await sendOne(ports, { request, identity, names: single.slice(1).map(decodePart) });
      return new Response(null, { status: 202 });
    } catch (error) {
      if (error instanceof Refused) return Response.json({ message: error.message }, { status: error.status });
      ports.log(`a broadcast failed: ${describeError(error)}`);
      return Response.json({ message: 'The local stack failed; see its log' }, { status: 500 });
    }
  };

const authenticate = async ({ tokens }: RestBroadcastPorts, headers: Headers): Promise<Identity> => {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  const key = await tokens.readKey(headers.get('apikey') ?? headers.get('x-api-key') ?? bearer ?? '');
  if (key === undefined) throw new Refused(401, 'Unauthorized');
  if (bearer === undefined || isProjectKey(bearer)) return key;
  const verified = await tokens.verify(bearer);
  if ('problem' in verified) throw new Refused(401, verified.problem.message);
  return verified.identity;
};

const sendBatch = async (ports: RestBroadcastPorts, request: Request, identity: Identity): Promise<void> => {
  const { limits, rate } = ports;
  const messages = readBatch(readJson(await readBody(request, limits), limits), limits);
  if (!messages.every(() => rate.take())) throw new Refused(429, 'You have exceeded your rate limit');
  const rights = new Map<string, boolean>();
  for (const message of messages) {
    const { topic, isPrivate } = message;
    const isAllowed = !isPrivate || (rights.get(topic) ?? (await maySend(ports, identity, topic)));
    if (isPrivate) rights.set(topic, isAllowed);
    // As on the real server: what may not be sent vanishes.
    if (isAllowed) send(ports, message);
  }
};

interface SingleRequest {
  readonly request: Request;
  readonly identity: Identity;
  /** Topic and event. */
  readonly names: readonly string[];
}

const sendOne = async (ports: RestBroadcastPorts, { request, identity, names }: SingleRequest): Promise<void> => {
  const { limits, rate } = ports;
  const [topic = '', event = ''] = names;
  const isPrivate = new URL(request.url).searchParams.get('private') === 'true';
  const body = await readBody(request, limits);
  const isBinary = request.headers.get('content-type')?.startsWith('application/octet-stream') === true;
  const payloadBytes = body.length;
  const broadcast: Broadcast = isBinary
    ? { kind: 'binary', event, bytes: body, payloadBytes }
    : { kind: 'json', body: broadcastBody({ event, payload: JSON.stringify(readJson(body, limits)) }), payloadBytes };
  checkMessage({ topic, event, payloadBytes }, limits);
  if (!rate.take()) throw new Refused(429, 'You have exceeded your rate limit');
  if (isPrivate && !(await maySend(ports, identity, topic))) throw new Refused(403, 'Unauthorized');
  send(ports, { topic, isPrivate, broadcast });
};

const maySend = async ({ askPolicies }: RestBroadcastPorts, identity: Identity, topic: string): Promise<boolean> => {
  const answer = await askPolicies({ identity, topic, writes: ['broadcast'] });
  if (answer === undefined) throw new Refused(422, 'Tenant database unavailable');
  return answer.has('write:broadcast');
};

const send = ({ topics }: RestBroadcastPorts, { topic, isPrivate, broadcast }: RestMessage): void =>
  topics.fanOut({ topic, isPrivate }, { frame: broadcastFrame(`realtime:${topic}`, broadcast) });

const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refused(422, 'The path is not encoded as it should be');
  }
};

const readBody = async (request: Request, { frameBytes }: RealtimeLimits): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > frameBytes) throw new Refused(413, `The body is larger than ${frameBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const readJson = (body: Buffer, { jsonDepth }: RealtimeLimits): unknown => {
  const parsed = parseJson(body.toString('utf8'), jsonDepth);
  if ('problem' in parsed) throw new Refused(400, `The body cannot be read: ${parsed.problem}`);
  return parsed.json;
};

const readBatch = (body: unknown, limits: RealtimeLimits): readonly RestMessage[] => {
  const messages = isRecord(body) ? body['messages'] : undefined;
  if (!Array.isArray(messages) || messages.length === 0) throw new Refused(422, "messages can't be blank");
  return (messages as readonly unknown[]).map((message) => {
    if (!isRecord(message)) throw new Refused(422, 'A message is not an object');
    const { topic, event, payload, private: isPrivate } = message;
    if (typeof topic !== 'string' || typeof event !== 'string' || !isRecord(payload))
      throw new Refused(422, 'A message needs topic, event and payload');
    const text = JSON.stringify(payload);
    const payloadBytes = Buffer.byteLength(text);
    checkMessage({ topic, event, payloadBytes }, limits);
    return {
      topic,
      isPrivate: isPrivate === true,
      broadcast: { kind: 'json', body: broadcastBody({ event, payload: text }), payloadBytes },
    };
  });
};

const checkMessage = (
  { topic, event, payloadBytes }: { readonly topic: string; readonly event: string; readonly payloadBytes: number },
  { topicBytes, payloadBytes: maxBytes }: RealtimeLimits,
): void => {
  const isShort = (name: string, bytes: number): boolean =>
    name !== '' && Buffer.byteLength(name) <= bytes && !name.includes('\0');
  if (!isShort(topic, topicBytes - 'realtime:'.length) || !isShort(event, MAX_NAME_BYTES))
    throw new Refused(422, 'topic or event is not a short text');
  if (payloadBytes > maxBytes) throw new Refused(422, 'Payload size exceeds tenant limit');
};
