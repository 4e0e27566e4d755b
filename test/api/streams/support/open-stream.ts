import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { eventually } from '../../../support/eventually.ts';
import { type CallOptions, SECRET_KEY, type TestApi } from '../../support/test-api.ts';

/** One message, as a client reads it by the rules of `text/event-stream`. */
export interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

/** What a client has of an answer so far. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire. */
  readonly text: string;
  readonly messages: readonly Message[];
  /** How the answer ended: not yet; as the server meant it; cut off. */
  readonly end: 'none' | 'clean' | 'cut';
  /** Ids of the messages that have one. */
  ids(): readonly number[];
  /** Waits for so many messages. */
  received(count: number): Promise<readonly Message[]>;
  /** Waits for a message of this event. */
  heard(event: string): Promise<Message>;
  ended(): Promise<void>;
  /** Goes away, as a browser tab that is closed. */
  leave(): void;
  /** Takes nothing any more, and again. */
  pause(): void;
  resume(): void;
}

export interface StreamOptions extends Pick<CallOptions, 'as' | 'asService'> {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** Asks for a stream over a socket of its own. */
export async function openStream(api: TestApi, path: string, options: StreamOptions = {}): Promise<OpenStream> {
  const { as, asService = false, headers = {}, method = 'GET' } = options;
  const token = options.token ?? (as === undefined ? undefined : await api.auth.sign(as));
  const sent = request(`${api.url}${path}`, {
    method,
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(asService ? { apikey: SECRET_KEY } : {}),
      ...headers,
    },
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return read(answer);
}

function read(answer: IncomingMessage): OpenStream {
  let text = '';
  let end: OpenStream['end'] = 'none';
  answer.setEncoding('utf8');
  answer.on('data', (chunk: string) => (text += chunk));
  answer.on('end', () => (end = 'clean'));
  answer.on('error', () => (end = 'cut'));
  const messages = (): readonly Message[] => readMessages(text);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    get text() {
      return text;
    },
    get messages() {
      return messages();
    },
    get end() {
      return end;
    },
    ids: () => messages().flatMap(({ id }) => (id === undefined ? [] : [Number(id)])),
    received: (count) =>
      eventually(() => {
        const all = messages();
        if (all.length < count) throw new Error(`${all.length} of ${count} messages`);
        return all;
      }),
    heard: (event) =>
      eventually(() => {
        const found = messages().find((message) => message.event === event);
        if (found === undefined) throw new Error(`no ${event} among ${messages().length} messages`);
        return found;
      }),
    ended: () =>
      eventually(() => {
        if (end === 'none') throw new Error('the stream is open');
      }),
    leave: () => answer.destroy(),
    pause: () => answer.pause(),
    resume: () => answer.resume(),
  };
}

/** Whole messages only: what is not closed by an empty line has not come yet. */
function readMessages(text: string): readonly Message[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = block
        .split('\n')
        .map((line) => /^(\w*):(?: )?(.*)$/s.exec(line))
        .filter((field) => field !== null && field[1] !== '');
      const of = (name: string): string | undefined => fields.findLast((field) => field?.[1] === name)?.[2];
      const data = of('data');
      return data === undefined ? [] : [{ id: of('id'), event: of('event') ?? 'message', data: JSON.parse(data) as unknown }];
    });
}
