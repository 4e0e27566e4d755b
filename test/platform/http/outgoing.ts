import type { OutgoingRequest } from '../../../src/ports/http.ts';

/** A plain GET, changed where a test says so. */
export const outgoing = (url: string, changes: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'GET',
  url,
  headers: {},
  timeoutMs: 5_000,
  maxRedirects: 5,
  maxResponseBytes: 1_000_000,
  ...changes,
});

/** The host and port of an address, as an allow list wants it. */
export const allowed = ({ url }: { readonly url: string }): string => new URL(url).host;
