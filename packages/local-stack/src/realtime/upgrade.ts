import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Vsn } from './frames.ts';
import type { Identity, Tokens } from './tokens.ts';

export interface UpgradePorts {
  readonly tokens: Pick<Tokens, 'readKey'>;
  readonly connectionCount: () => number;
  readonly maxConnections: number;
}

export type UpgradeAnswer =
  | { readonly identity: Identity; readonly vsn: Vsn }
  | { readonly status: 400 | 401 | 404 | 429; readonly message: string };

const PATH = '/realtime/v1/websocket';

/** Whether a request for a socket is let in. What it asks for holds the key: nothing of it may reach a log. */
export const answerUpgrade = async (
  request: IncomingMessage,
  { tokens, connectionCount, maxConnections }: UpgradePorts,
): Promise<UpgradeAnswer> => {
  const url = URL.parse(request.url ?? '', 'http://localhost');
  if (url?.pathname !== PATH) return { status: 404, message: 'Not found' };
  const vsn = url.searchParams.get('vsn') ?? '1.0.0';
  if (vsn !== '1.0.0' && vsn !== '2.0.0') return { status: 400, message: 'vsn is neither 1.0.0 nor 2.0.0' };
  const header = request.headers['x-api-key'];
  const key = (Array.isArray(header) ? header[0] : header) ?? url.searchParams.get('apikey');
  if (key === null || key === undefined || key === '') return { status: 401, message: 'API key is missing' };
  const identity = await tokens.readKey(key);
  if (identity === undefined) return { status: 401, message: 'The API key is not one of this project' };
  if (connectionCount() >= maxConnections) return { status: 429, message: 'Too many connected users' };
  return { identity, vsn };
};

export const refuseUpgrade = (
  socket: Duplex,
  { status, message }: { readonly status: number; readonly message: string },
): void => {
  const body = JSON.stringify({ error: message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
