import type { Json } from '@durabase/contracts/json';
import type { EndedStep } from '@durabase/contracts/api/external-step';
import { idOf, type RunReference } from './runs/run-reference.ts';
import type { Calls } from './supabase/create-calls.ts';

/** Which external step, where its id is not enough. */
export interface StepOptions {
  /** Of a step in a loop, from 0. @default 0 */
  readonly iteration?: number | undefined;
  /** Stops waiting for the answer; it may have been done all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Steps that are done elsewhere (action `external`), for the starter of their run and for admins. */
export interface ExternalSteps {
  /**
   * Ends an external step well, with an output that later steps read (at most 1 MiB). The first word stands.
   * Throws RUN_NOT_FOUND, STEP_NOT_FOUND, STEP_FINISHED, FORBIDDEN, BODY_TOO_LARGE.
   *
   * @example
   * await durabase.steps.complete(run, 'print', { pages: 3 });
   */
  complete(run: RunReference, step: string, output?: Json, options?: StepOptions): Promise<EndedStep>;
  /** Ends an external step badly; `message` is for people. Throws RUN_NOT_FOUND, STEP_NOT_FOUND, STEP_FINISHED, FORBIDDEN. */
  fail(run: RunReference, step: string, message: string, options?: StepOptions): Promise<EndedStep>;
  /**
   * A token with which anybody can end this step, once, without a login. Only its hash is kept: give it to the other side at
   * once, and to nobody else. Throws RUN_NOT_FOUND, STEP_NOT_FOUND, FORBIDDEN.
   */
  token(run: RunReference, step: string, options?: StepOptions): Promise<string>;
  /** What the bearer of a token does. Throws STEP_NOT_FOUND, whatever is wrong with the token; BODY_TOO_LARGE. */
  completeByToken(token: string, output?: Json): Promise<EndedStep>;
  /** What the bearer of a token does. Throws STEP_NOT_FOUND, whatever is wrong with the token. */
  failByToken(token: string, message: string): Promise<EndedStep>;
}

export const createExternalSteps = (calls: Calls): ExternalSteps => ({
  complete: async (run, step, output, { iteration, signal } = {}) =>
    (await calls.call('complete_step', { run: idOf(run), step, output, iteration }, signal)) as EndedStep,
  fail: async (run, step, message, { iteration, signal } = {}) =>
    (await calls.call('fail_step', { run: idOf(run), step, message, iteration }, signal)) as EndedStep,
  token: async (run, step, { iteration, signal } = {}) =>
    String(await calls.call('step_token', { run: idOf(run), step, iteration }, signal)),
  completeByToken: async (token, output) => (await calls.call('end_step_by_token', { token, output })) as EndedStep,
  failByToken: async (token, message) => (await calls.call('end_step_by_token', { token, error: message })) as EndedStep,
});
