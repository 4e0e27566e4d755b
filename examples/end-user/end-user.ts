// What an app's user does with tasks that its developers published: list them, start one, follow it live. See docs/end-users.md.
import { createDurabase, type Durabase, type Json, type RunEvent } from '@durabase/client';
import type { SupabaseClient } from '@supabase/supabase-js';

export interface PublishedTask {
  readonly id: string;
  readonly workspace_id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of the input; null: anything. */
  readonly input_schema: unknown;
}

export interface StepProgress {
  readonly step_id: string;
  readonly name: string;
  readonly state: string;
}

export interface EndUser {
  readonly durabase: Durabase;
  /** Makes an account and signs in. What it may do is decided by the instance: start published tasks, and nothing else. */
  signUp(email: string, password: string): Promise<void>;
  listTasks(): Promise<readonly PublishedTask[]>;
  /** Starts a task, tells of every event until the run has ended, and gives its output. */
  run(task: PublishedTask, input: Json, onEvent: (event: RunEvent) => void): Promise<unknown>;
  /** How far the steps of a run are. */
  readProgress(runId: string): Promise<readonly StepProgress[]>;
}

export function createEndUser(supabase: SupabaseClient): EndUser {
  const durabase = createDurabase({ supabase });
  const call = async <Row>(name: string, args: object): Promise<readonly Row[]> => {
    const { data, error } = await supabase.schema('durabase').rpc(name, args);
    if (error !== null) throw error;
    return data as readonly Row[];
  };
  return {
    durabase,
    signUp: async (email, password) => {
      const { error } = await supabase.auth.signUp({ email, password });
      if (error !== null) throw error;
    },
    listTasks: () => call<PublishedTask>('published_tasks', {}),
    run: async (task, input, onEvent) => {
      const run = await durabase.start(task.slug, input, { workspace: task.workspace_id });
      for await (const event of run.watch()) onEvent(event);
      return run.result();
    },
    readProgress: (runId) => call<StepProgress>('run_progress', { run: runId }),
  };
}
