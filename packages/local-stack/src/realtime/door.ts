import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { describeError } from '../stack-error.ts';
import { createConnection, type Connection, type ConnectionPorts } from './connection.ts';
import type { Tokens } from './tokens.ts';
import { answerUpgrade, refuseUpgrade } from './upgrade.ts';

export interface DoorOptions {
  readonly server: Server;
  readonly tokens: Tokens;
  readonly connections: Set<Connection>;
  readonly ports: ConnectionPorts;
}

export interface Door {
  close(): void;
  terminateAll(): void;
}

/** Makes connections of requests for a socket. */
export const openDoor = ({ server, tokens, connections, ports }: DoorOptions): Door => {
  const { limits, log } = ports;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.frameBytes, perMessageDeflate: false });
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const answer = await answerUpgrade(request, {
      tokens,
      connectionCount: () => connections.size,
      maxConnections: limits.connections,
    });
    if ('status' in answer) return refuseUpgrade(socket, answer);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const onClosed = (connection: Connection): boolean => connections.delete(connection);
      connections.add(createConnection(ports, { socket: ws, ...answer, onClosed }));
    });
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy()); // whoever hangs up while his key is read must not end the process
    upgrade(request, socket, head).catch((error: unknown) => {
      log(`a socket was not let in: ${describeError(error)}`);
      socket.destroy();
    });
  };
  server.on('upgrade', onUpgrade);
  return {
    close: () => server.off('upgrade', onUpgrade),
    terminateAll: () => {
      for (const client of sockets.clients) client.terminate();
    },
  };
};
