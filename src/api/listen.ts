import { once } from 'node:events';
import type { Server } from 'node:http';
import { PlatformError } from '@durabase/contracts';

/** Longer than load balancers keep idle connections, so that they, not we, end them: no request meets a closing door. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 20_000;
/** From the first byte to the end of the body; the largest body has 1 MiB. */
const REQUEST_MS = 30_000;
const MAX_CONNECTIONS = 5_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Listens, and returns where: port 0 asks for any free one. Throws when the port is taken. */
export async function listen(server: Server, { host, port }: Address): Promise<Address> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw toRefusal(error as NodeJS.ErrnoException, { host, port });
  }
  const bound = server.address();
  return { host, port: typeof bound === 'object' && bound !== null ? bound.port : port };
}

function toRefusal(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  if (error.code === 'EADDRINUSE') {
    return new PlatformError('INVALID_REQUEST', {
      message: `port ${port} on ${host} is taken; set DURABASE_PORT to a free one`,
      cause: error,
    });
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new PlatformError('INVALID_REQUEST', {
      message: `${host} is no address of this machine; check DURABASE_HOST`,
      cause: error,
    });
  }
  return error;
}
