import type { Identity } from '../ports/db.ts';

/** Somebody of whom nothing is known, as with the publishable key alone. */
export const ANYBODY: Identity = { role: 'anon', claims: '{"role":"anon"}' };
