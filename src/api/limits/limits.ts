import { PlatformError } from '@durabase/contracts';
import ipaddr from 'ipaddr.js';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Identity } from '../../ports/db.ts';

/** Requests a minute; undefined: any number. */
export interface LimitSettings {
  readonly perCaller?: number | undefined;
  readonly perAddress?: number | undefined;
  /** For routes without a login, where tokens could be guessed. */
  readonly withoutLogin?: number | undefined;
}

/** How many requests a minute this process takes. Each check throws RATE_LIMITED, with the time to wait. */
export interface Limits {
  /** Before it is known who calls. */
  checkAddress(address: string): Promise<void>;
  /** A credential that was refused weighs as much as ten requests, so that guessing ends soon. */
  noteRefusal(address: string): Promise<void>;
  checkWithoutLogin(address: string): Promise<void>;
  /** The service is not limited: it speaks for many. */
  checkCaller(identity: Identity): Promise<void>;
}

const MINUTE_SECONDS = 60;
const REFUSAL_POINTS = 10;

export function createLimits({ perCaller, perAddress, withoutLogin }: LimitSettings): Limits {
  const ofCaller = createCount(perCaller);
  const ofAddress = createCount(perAddress);
  const ofOpenRoutes = createCount(withoutLogin);
  return {
    checkAddress: (address) => ofAddress(networkOf(address), 1),
    noteRefusal: (address) => ofAddress(networkOf(address), REFUSAL_POINTS),
    checkWithoutLogin: (address) => ofOpenRoutes(networkOf(address), 1),
    checkCaller: async (identity) => {
      if (identity.role !== 'service_role') await ofCaller(nameOf(identity), 1);
    },
  };
}

type Count = (key: string, points: number) => Promise<void>;

function createCount(limit: number | undefined): Count {
  if (limit === undefined) return async () => {};
  const limiter = new RateLimiterMemory({ points: limit, duration: MINUTE_SECONDS });
  return async (key, points) => {
    try {
      await limiter.consume(key, points);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
      throw new PlatformError('RATE_LIMITED', {
        message: `more than ${limit} requests a minute`,
        hint: `try again in ${seconds} seconds`,
        retryAfterMs: seconds * 1_000,
      });
    }
  };
}

/** A user by his id, a key by its hash: the claims of one user differ from token to token. */
function nameOf({ claims }: Identity): string {
  const { sub, durabase_api_key: key } = JSON.parse(claims) as { readonly sub?: string; readonly durabase_api_key?: string };
  return sub?.toLowerCase() ?? key ?? 'nobody';
}

/** One customer of a provider has a /64 of IPv6 to himself: more addresses than anything could count. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address); // IPv4 in IPv6 is IPv4
  return parsed.kind() === 'ipv4' ? parsed.toString() : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
