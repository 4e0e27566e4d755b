/** What a pattern is compared with: the parts of a normalised URL. */
export interface HostAndPort {
  /** Lower case, IPv6 in brackets. */
  readonly hostname: string;
  /** Empty when it is the scheme's own. */
  readonly port: string;
  readonly protocol: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Whether an address fits a pattern: `api.example.com`, `*.example.com` (any depth, but not `example.com` itself),
 * each with `:port` where it is not the scheme's own. A pattern that cannot be read fits nothing.
 */
export function fitsHostPattern(address: HostAndPort, pattern: string): boolean {
  const parsed = parseHostPattern(pattern);
  if (parsed === undefined) return false;
  const ownPort = DEFAULT_PORTS[address.protocol] ?? '';
  if ((address.port === '' ? ownPort : address.port) !== (parsed.port ?? ownPort)) return false;
  if (!parsed.isWildcard) return address.hostname === parsed.hostname;
  return address.hostname.endsWith(`.${parsed.hostname}`) && address.hostname.length > parsed.hostname.length + 1;
}

interface ParsedPattern {
  readonly hostname: string;
  readonly port: string | undefined;
  readonly isWildcard: boolean;
}

function parseHostPattern(pattern: string): ParsedPattern | undefined {
  const match = /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^[\]:*/?#@\\\s]+)(?::(\d{1,5}))?$/.exec(pattern);
  const hostname = normaliseHostname(match?.[2] ?? '');
  if (match === null || hostname === undefined) return undefined;
  const isWildcard = match[1] !== undefined;
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  if (isWildcard && isAddress) return undefined;
  return { hostname, port: match[3] === undefined ? undefined : String(Number(match[3])), isWildcard };
}

/** A host the way WHATWG URL writes it, without the root's dot; `undefined` when it is none. */
export function normaliseHostname(text: string): string | undefined {
  const hostname = URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, '');
  return hostname === '' ? undefined : hostname;
}
