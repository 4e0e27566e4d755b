import type { Response } from 'express';
import { factsOf, type StreamEnd } from '../request-facts.ts';
import { STREAM_TYPE } from './prefers-stream.ts';
import type { StreamMessage } from './stream-source.ts';
import { PING, writeMessage, writeRetry } from './write-message.ts';

/** The client's side of a stream. */
export interface Outlet {
  /** From here on errors are messages. */
  open(): void;
  /** Resolves when the client has taken enough of it, or there is nobody any more. */
  send(messages: readonly StreamMessage[]): Promise<void>;
  ping(): void;
  /** The first end counts; the message goes before it. */
  end(reason: StreamEnd, last?: StreamMessage): void;
  /** Also when the client has gone. */
  isEnded(): boolean;
}

export interface OutletOptions {
  readonly stallMs: number;
  /** Called once, as soon as it has ended. */
  readonly onEnd: () => void;
}

/** Not all at the same moment, when a process goes and its clients come back elsewhere. */
const retryMs = (): number => 2_000 + Math.floor(Math.random() * 2_000);

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': STREAM_TYPE,
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no', // nginx would hold messages back
};

export function createOutlet(response: Response, { stallMs, onEnd }: OutletOptions): Outlet {
  const facts = factsOf(response);
  let ended: StreamEnd | undefined;
  const note = (reason: StreamEnd): boolean => {
    if (ended !== undefined) return false;
    ended = reason;
    if (facts.stream !== undefined) facts.stream.end = reason;
    onEnd();
    return true;
  };
  response.once('close', () => note('gone'));

  /** A reader that takes nothing for so long does not get the rest. */
  const cutUnless = (event: 'drain' | 'close'): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        note('stalled');
        response.destroy();
      }, stallMs);
      const done = (): void => {
        clearTimeout(timer);
        response.off(event, done).off('close', done);
        resolve();
      };
      response.once(event, done).once('close', done);
    });

  return {
    open: () => {
      facts.stream = { openedMs: performance.now(), end: ended };
      response.statusCode = 200;
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      response.write(writeRetry(retryMs()));
    },
    send: async (messages) => {
      if (ended !== undefined || messages.length === 0) return;
      if (!response.write(messages.map(writeMessage).join(''))) await cutUnless('drain');
    },
    ping: () => {
      if (ended === undefined && !response.writableNeedDrain) response.write(PING);
    },
    end: (reason, last) => {
      if (!note(reason)) return;
      // Who does not read must not hold up the end of this process; what is lost on the way is fetched elsewhere.
      if (reason === 'draining' && response.writableNeedDrain) return void response.destroy();
      response.end(last === undefined ? '' : writeMessage(last));
      void cutUnless('close');
      return undefined;
    },
    isEnded: () => ended !== undefined,
  };
}
