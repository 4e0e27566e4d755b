// What an app's user does with tasks that its developers published: list them, start one, follow it live. See docs/end-users.md.
import {
  createDurabase,
  type Durabase,
  type Json,
  type RunHandle,
  type StartedRun,
  type WatchRunOptions,
} from '@durabase/client';
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
  /** Counts the uses of a step in a loop, from 0; -1: the loop itself. */
  readonly iteration: number;
  readonly name: string;
  readonly state: string;
}

export interface EndUser {
  readonly durabase: Durabase;
  /**
   * Makes an account, and signs in unless the address must be confirmed first: then it gives false. What the account may do is
   * decided by the instance: start published tasks, and nothing else.
   */
  signUp(email: string, password: string): Promise<boolean>;
  signIn(email: string, password: string): Promise<void>;
  listTasks(): Promise<readonly PublishedTask[]>;
  /** Starts a task. When this returns, the run is accepted: it is not lost. */
  start(task: PublishedTask, input: Json): Promise<StartedRun>;
  /** Tells of every event until the run has ended, and gives its output. */
  follow(run: RunHandle, options: Pick<WatchRunOptions, 'onEvent' | 'onConnection'>): Promise<Json>;
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
      const { data, error } = await supabase.auth.signUp({ email, password });
      if (error !== null) throw error;
      return data.session !== null;
    },
    signIn: async (email, password) => {
      const { error } = await supabase.auth.signInWithPassword({ email, password });
      if (error !== null) throw error;
    },
    listTasks: () => call<PublishedTask>('published_tasks', {}),
    start: (task, input) => durabase.start(task.slug, input, { workspace: task.workspace_id }),
    follow: async (run, options) => {
      await run.watch(options).done;
      return run.result();
    },
    readProgress: (runId) => call<StepProgress>('run_progress', { run: runId }),
  };
}
