import { lookup as resolve } from 'node:dns/promises';
import { isIP } from 'node:net';
import { PlatformError } from '@durabase/contracts/errors';
import { findRefusalReason } from './address-class.ts';
import { createAllowList } from './allow-list.ts';
import { normaliseHostname } from './host-pattern.ts';

/** One answer of a resolver. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds all addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Decides where connections may go. */
export interface Guard {
  /** Reads an address to call and refuses what no connection is needed to refuse. */
  checkUrl(url: string): URL;
  /** Addresses that may be connected to, every one checked. IPv6 without brackets. */
  resolve(target: { readonly hostname: string; readonly port: number }): Promise<readonly ResolvedAddress[]>;
}

const HINT = 'If the worker is meant to reach it, its configuration must name the host and port.';
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

const systemLookup: Lookup = async (hostname) => {
  const answers = await resolve(hostname, { all: true, order: 'verbatim' });
  return answers.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** The port that a URL means. */
export const effectivePort = (url: URL): number => (url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port));

/** @see Guard */
export function createGuard(options: { readonly allow: readonly string[]; readonly lookup?: Lookup | undefined }): Guard {
  const allowList = createAllowList(options.allow);
  const lookup = options.lookup ?? systemLookup;

  const checkAddresses = (target: { readonly hostname: string; readonly port: number }, addresses: readonly string[]): void => {
    if (allowList.permitsHost(target)) return;
    for (const address of addresses) {
      const reason = findRefusalReason(address);
      if (reason === undefined || allowList.permitsAddress(address)) continue;
      // The address itself stays unsaid: names of an internal network must not be readable from outside.
      throw refuse(`"${target.hostname}" leads to an address that is refused: ${reason}`);
    }
  };

  return {
    checkUrl: (text) => {
      const url = parseUrl(text);
      const literal = literalAddress(url.hostname);
      if (literal !== undefined) checkAddresses({ hostname: url.hostname, port: effectivePort(url) }, [literal.address]);
      return url;
    },
    resolve: async (target) => {
      const literal = literalAddress(target.hostname);
      const addresses = literal === undefined ? await lookup(target.hostname) : [literal];
      if (addresses.length === 0) throw new PlatformError('HTTP_CONNECTION', { message: `"${target.hostname}" has no address` });
      checkAddresses(
        target,
        addresses.map(({ address }) => address),
      );
      return addresses;
    },
  };
}

function parseUrl(text: string): URL {
  // URL.parse instead of the constructor: its error would carry the whole text, query included.
  const url = URL.parse(text);
  if (url === null) throw refuse('The address is no URL');
  if (!(url.protocol in DEFAULT_PORTS))
    throw refuse(`The scheme "${url.protocol}" is refused; only http and https may be called`);
  if (url.username !== '' || url.password !== '') throw refuse(`The address of "${url.hostname}" holds user information`);
  // One spelling for one host: otherwise "example.com." would miss the rules written for "example.com".
  url.hostname = normaliseHostname(url.hostname) ?? url.hostname;
  url.hash = '';
  return url;
}

function literalAddress(hostname: string): ResolvedAddress | undefined {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  if (family === 0) return undefined;
  return { address, family: family === 6 ? 6 : 4 };
}

const refuse = (message: string): PlatformError => new PlatformError('ADDRESS_REFUSED', { message, hint: HINT });
