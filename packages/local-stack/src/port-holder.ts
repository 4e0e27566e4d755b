import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandLine } from './process-identity.ts';

const LISTENING = '0A';

/** `node server.js (pid 4711)` for the program that listens on a port. Linux only, and only for processes we may look into. */
export const describePortHolder = (port: number): string | undefined => {
  if (process.platform !== 'linux') return undefined;
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningSockets(table, port)));
  if (sockets.size === 0) return undefined;
  const pid = listIfAllowed('/proc').find((name) => /^\d+$/.test(name) && holdsSocket(name, sockets));
  if (pid === undefined) return undefined;
  const command = commandLine(Number(pid))?.slice(0, 80) ?? 'a program';
  return `${command} (pid ${pid})`;
};

const listeningSockets = (table: string, port: number): string[] => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readIfAllowed(table).split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
};

const holdsSocket = (pid: string, sockets: ReadonlySet<string>): boolean =>
  listIfAllowed(`/proc/${pid}/fd`).some((fd) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      // Closed since the listing.
      return false;
    }
  });

// What may not be read only makes the message shorter.
const listIfAllowed = (path: string): readonly string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

const readIfAllowed = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
