export { createHttpClient, type HttpClientOptions } from './http-client.ts';
export type { Lookup, ResolvedAddress } from './guard.ts';
