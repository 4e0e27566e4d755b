import { z } from 'zod';
import type { Identity } from '../../ports/db.ts';

const claims = z.object({
  sub: z.string().optional(),
  exp: z.number().optional(),
  durabase_actor: z.string().optional(),
  durabase_api_key: z.string().optional(),
});

/** What streams know of their caller. */
export interface StreamCaller {
  /** Streams are counted by it. A service is counted by the name that it gives itself. */
  readonly key: string;
  readonly userId: string | undefined;
  /** When the token ends; undefined: the caller came with a key, which does not. */
  readonly expiresAtMs: number | undefined;
}

export function readCaller({ role, claims: text }: Identity): StreamCaller {
  const { sub, exp, durabase_actor: actor = '', durabase_api_key: apiKey } = claims.parse(JSON.parse(text));
  return {
    key: sub === undefined ? `${role}:${apiKey ?? actor}` : sub.toLowerCase(),
    userId: sub?.toLowerCase(),
    expiresAtMs: exp === undefined ? undefined : exp * 1_000,
  };
}
