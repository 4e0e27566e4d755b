import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { PlatformError } from '@durabase/contracts/errors';
import type { Guard, ResolvedAddress } from './guard.ts';

export interface ConnectOptions {
  readonly guard: Guard;
  readonly connectTimeoutMs: number;
  /** PEM texts, in addition to those of Node. */
  readonly certificateAuthorities: readonly string[];
}

type Socket = NonNullable<Parameters<buildConnector.Callback>[1]>;

/** Opens connections to checked addresses only: the check and the connection share one resolution. */
export function createConnector(options: ConnectOptions): buildConnector.connector {
  const { guard, connectTimeoutMs, certificateAuthorities } = options;
  const trust = certificateAuthorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...certificateAuthorities] };

  const open = async (target: buildConnector.Options): Promise<Socket> => {
    const port = Number(target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port);
    const hostname = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
    const addresses = await within(guard.resolve({ hostname, port }), { hostname, timeoutMs: connectTimeoutMs });
    const connect = buildConnector({
      ...trust,
      allowH2: false,
      timeout: connectTimeoutMs,
      // Sessions are cached per connector, and this one lives for one connection.
      maxCachedSessions: 0,
      autoSelectFamily: true,
      lookup: answerWith(addresses),
    });
    return new Promise((resolve, reject) => {
      connect(target, (error, socket) => (error === null ? resolve(socket as Socket) : reject(error)));
    });
  };

  return (target, callback) => {
    open(target).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}

const answerWith =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true)
      callback(
        null,
        addresses.map((address) => ({ ...address })),
      );
    else if (first !== undefined) callback(null, first.address, first.family);
  };

async function within<T>(work: Promise<T>, limit: { readonly hostname: string; readonly timeoutMs: number }): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new PlatformError('HTTP_TIMEOUT', { message: `"${limit.hostname}" was not resolved within ${limit.timeoutMs} ms` }));
  }, limit.timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
