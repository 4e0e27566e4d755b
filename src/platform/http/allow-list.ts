import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { PlatformError } from '@durabase/contracts/errors';
import { normaliseHostname } from './host-pattern.ts';

/** What configuration permits although it is private. */
export interface AllowList {
  /** The host as it stands in the URL, with its effective port: whatever it resolves to is permitted. */
  permitsHost(host: { readonly hostname: string; readonly port: number }): boolean;
  permitsAddress(address: string): boolean;
}

type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** Reads entries such as `db.internal:8000`, `127.0.0.1:54321`, `[::1]:8080` and `10.0.0.0/8`. */
export function createAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    if (entry.includes('/')) networks.push(parseNetwork(entry));
    else hosts.add(parseHost(entry));
  }
  return {
    permitsHost: ({ hostname, port }) => hosts.has(`${hostname}:${port}`),
    permitsAddress: (address) => isIP(address) !== 0 && networks.some((network) => isWithin(address, network)),
  };
}

function isWithin(address: string, [network, bits]: Network): boolean {
  const parsed = ipaddr.parse(address);
  return parsed.kind() === network.kind() && parsed.match(network, bits);
}

function parseNetwork(entry: string): Network {
  if (!ipaddr.isValidCIDR(entry)) throw unreadable(entry);
  return ipaddr.parseCIDR(entry);
}

function parseHost(entry: string): string {
  const match = /^(\[[^\]]+\]|[^:[\]*]+):(\d{1,5})$/.exec(entry);
  const hostname = normaliseHostname(match?.[1] ?? '');
  const port = Number(match?.[2]);
  if (hostname === undefined || !(port >= 1 && port <= 65_535)) throw unreadable(entry);
  return `${hostname}:${port}`;
}

const unreadable = (entry: string): PlatformError =>
  new PlatformError('INTERNAL', {
    message: `The allowed address "${entry}" cannot be read`,
    hint: 'Write host:port, such as localhost:8000, or a range, such as 10.0.0.0/8.',
    retryable: false,
  });
