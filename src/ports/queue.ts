import type { Json, JsonObject } from '@durabase/contracts';

/** A run that may start now. */
export interface AdmittedRun {
  readonly runId: string;
  readonly workflowId: string;
  readonly workspaceId: string;
  readonly taskSlug: string;
  readonly taskName: string;
  /** Its workflow exists already and waits for a Signal. */
  readonly signal: boolean;
}

/** A run whose input schema and key expressions must be looked at before its admission. */
export interface UncheckedRun {
  readonly runId: string;
  readonly workspaceId: string;
  readonly taskId: string;
  readonly versionId: string;
  readonly input: Json;
}

/** What was found: the permits that it needs, or why it cannot run. */
export type CheckedRun =
  | {
      readonly runId: string;
      readonly limits: readonly { readonly key: string; readonly limit: number; readonly label: string }[];
    }
  | { readonly runId: string; readonly error: JsonObject };

/** A wish about a run, on its way to Temporal. */
export interface Wish {
  readonly runId: string;
  readonly workflowId: string;
  readonly kind: 'cancel' | 'wake';
  readonly reason: string | null;
  /** When it was wished for, as Postgres writes it: to tell a wake that was carried from a later one. */
  readonly requestedAt: string;
}

/** A version that nobody compiled yet. */
export interface Draft {
  readonly versionId: string;
  readonly workspaceId: string;
  readonly definition: Json;
}

/** What is to be done for queued runs. */
export interface QueuePort {
  /** Checks what is due by `check`, then admits; both in one transaction. */
  checkAndAdmit(check: (runs: readonly UncheckedRun[]) => Promise<readonly CheckedRun[]>): Promise<Admission>;
  admit(): Promise<Admission>;
  /** These could not be started: others may try. */
  unclaim(runIds: readonly string[]): Promise<void>;
  claimWishes(): Promise<readonly Wish[]>;
  /** These wakes have reached their workflows. */
  forgetWakes(wishes: readonly Wish[]): Promise<void>;
  /** Does one thing that one run has to do to another; `false` when there is none. */
  doDeed(): Promise<boolean>;
  listDrafts(): Promise<readonly Draft[]>;
  publishVersion(request: { readonly versionId: string; readonly plan?: Json; readonly problems?: Json }): Promise<void>;
  /** Calls back whenever somebody says that there is work, and after each (re)connection; may be spurious. */
  onWork(listener: () => void): { close(): Promise<void> };
}

/** Answer of an admission. */
export interface Admission {
  readonly runs: readonly AdmittedRun[];
  /** Whether runs are due that must be checked first. */
  readonly unchecked: boolean;
  readonly wishes: boolean;
  readonly deeds: boolean;
  readonly drafts: boolean;
}
