import type { StreamMessage } from './stream-source.ts';

/** A comment, which clients ignore: proxies and dead connections are found out by it. */
export const PING = ': ping\n\n';

/** How long a client waits before it comes back, in milliseconds. */
export const writeRetry = (ms: number): string => `retry: ${ms}\n\n`;

/** A message as `text/event-stream` has it. JSON holds no line breaks; a kind with one would begin another field. */
export const writeMessage = ({ id, event, data }: StreamMessage): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event.replaceAll(/[\r\n]+/g, ' ')}\ndata: ${JSON.stringify(data)}\n\n`;
