import { type Json, PlatformError } from '@durabase/contracts';
import { defineAction } from '@durabase/contracts/define-action';
import { z } from 'zod';
import type { RegisteredAction } from '../../../src/activities/actions/index.ts';
import type { ActionContext } from '../../../src/ports/action.ts';

const input = z.strictObject({
  failures: z.int().default(0).describe('Attempts that fail before one succeeds.'),
  hangs: z.boolean().default(false).describe('Never ends by itself.'),
});

async function work({ failures, hangs }: z.output<typeof input>, { attempt, signal }: ActionContext): Promise<Json> {
  if (hangs) {
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
  if (attempt <= failures) throw new PlatformError('STEP_FAILED', { message: `attempt ${attempt} fails, as it was told to` });
  return {};
}

/**
 * Actions of an application, under several names: Temporal compares the names of activities when it replays, so steps that
 * are to stay in order have different ones.
 */
export const ACTIONS: readonly RegisteredAction[] = ['pick', 'pack', 'ship', 'unpick', 'unpack'].map((type) => ({
  contract: defineAction({
    type,
    summary: `To ${type} something.`,
    input,
    output: z.strictObject({}),
    retry: { maxAttempts: 1, initialIntervalMs: 20 },
  }),
  handler: work,
}));
