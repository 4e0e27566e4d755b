import type { Answer } from './route.ts';

export interface MadeOptions {
  readonly isReplayed: boolean;
  /** Where to find what was made. */
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 201: this call made it; 200: the idempotency key belongs to what was there already. */
export const answerMade = (body: unknown, { isReplayed, location, headers = {} }: MadeOptions): Answer => ({
  status: isReplayed ? 200 : 201,
  headers: {
    ...headers,
    ...(location === undefined ? {} : { Location: location }),
    ...(isReplayed ? { 'Idempotency-Replayed': 'true' } : {}),
  },
  body,
});
