import type { DefinedTask } from '@durabase/contracts/define-task/defined-task';
import type { Json } from '@durabase/contracts/json';
import type { Run } from '@durabase/contracts/api/run';
import type { Calls } from '../supabase/create-calls.ts';
import { repeatWithKey } from '../supabase/repeat-with-key.ts';
import { readOneRun } from './get-run.ts';

/** How to start a run. */
export interface StartOptions {
  /** Id of the workspace. @default the one where the caller sees a task of this name */
  readonly workspace?: string | undefined;
  /**
   * The same key with the same task, input and options gives the same run, however often it is sent; with others it is
   * refused. With a key, a call that got no answer is repeated by itself, twice. 1 to 200 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /** Not before this time. @default at once */
  readonly runAt?: Date | string | undefined;
  /** 1 (first) to 5 (last). @default the task's */
  readonly priority?: 1 | 2 | 3 | 4 | 5 | undefined;
  /** Stops waiting for the answer; the run may have been accepted all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** How to start a run of a task that was written in TypeScript: its input, unless it needs none, beside the options. */
export type DefinedStart<Input> =
  Record<never, never> extends Input
    ? [call?: StartOptions & { readonly input?: Input }]
    : [call: StartOptions & { readonly input: Input }];

interface Start extends StartOptions {
  readonly task: string;
  readonly input: Json | undefined;
}

/** Both ways to write a start as one. */
export const readStart = (task: string | Pick<DefinedTask, 'slug'>, input?: unknown, options: StartOptions = {}): Start => {
  // The types of both ways let nothing but JSON pass.
  if (typeof task === 'string') return { ...options, task, input: input as Json | undefined };
  return { input: undefined, ...(input as StartOptions | undefined), task: task.slug };
};

export const startRun = async (calls: Calls, start: Start): Promise<Run> => {
  const { task, input, workspace, idempotencyKey, runAt, priority, signal } = start;
  const args = {
    task,
    input,
    workspace,
    idempotency_key: idempotencyKey,
    run_at: runAt instanceof Date ? runAt.toISOString() : runAt,
    priority,
  };
  return await repeatWithKey(idempotencyKey, async () => readOneRun(await calls.call('start_run', args, signal)));
};
