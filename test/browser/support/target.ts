import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the steps of the tests call. */
export interface Target {
  readonly host: string;
  close(): Promise<void>;
}

/**
 * `/ok` answers at once, `/refuse` with 422, `/held/<name>` not before somebody calls `/release/<name>`. By HTTP alone:
 * tests run in other processes.
 */
export const startTarget = async (): Promise<Target> => {
  const held = new Map<string, (() => void)[]>();
  const released = new Set<string>();
  const server = createServer((request, response) => {
    const [, word = '', name = ''] = (request.url ?? '/').split('/');
    const answer = (status: number): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ from: word }));
    };
    if (word === 'refuse') return answer(422);
    if (word === 'release') {
      released.add(name);
      for (const go of held.get(name) ?? []) go();
    }
    if (word === 'held' && !released.has(name)) held.set(name, [...(held.get(name) ?? []), () => answer(200)]);
    else answer(200);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
