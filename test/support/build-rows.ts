import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { RunState } from '@durabase/contracts';
import { callRow, callValue, readValue } from './call.ts';
import { eventually } from './eventually.ts';

export type MemberRole = 'owner' | 'admin' | 'editor' | 'runner' | 'viewer';

export interface Workspace {
  readonly id: string;
  /** A user for each role. */
  readonly users: Readonly<Record<MemberRole, string>>;
}

export interface ReadyTask {
  readonly id: string;
  readonly slug: string;
  readonly versionId: string;
  readonly workspaceId: string;
}

export interface Run {
  readonly id: string;
  readonly workspace_id: string;
  readonly task_id: string;
  readonly version_id: string;
  readonly state: string;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly output: unknown;
  readonly output_ref: { readonly payload: string } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly mode: string;
  readonly priority: number;
  readonly source: string;
  readonly actor_kind: string;
  readonly actor_user_id: string | null;
  readonly actor_name: string;
  readonly workflow_id: string;
  readonly temporal_run_id: string | null;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly expires_at: Date | null;
  readonly run_at: Date;
  readonly created_at: Date;
  readonly deadline_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly stalled_reason: string | null;
  readonly epoch: number;
  readonly authority: number;
  readonly event_seq: string;
  readonly version: string;
}

const MEMBER_ROLES: readonly MemberRole[] = ['owner', 'admin', 'editor', 'runner', 'viewer'];

/** Somebody who has signed up; what else that gives him is the instance's setting. */
export const createUser = async (owner: pg.Pool, email = `${randomUUID()}@example.test`): Promise<string> =>
  readValue(owner, 'insert into auth.users (id, email) values ($1, $2) returning id', [randomUUID(), email]);

/** A workspace with a member of each role. */
export const createWorkspace = async (owner: pg.Pool, name = 'Acme'): Promise<Workspace> => {
  const id = await readValue<string>(owner, 'insert into durabase.workspaces (name) values ($1) returning id', [name]);
  const users: Partial<Record<MemberRole, string>> = {};
  for (const role of MEMBER_ROLES) users[role] = await addMember(owner, { workspaceId: id, role });
  return { id, users: users as Record<MemberRole, string> };
};

export const addMember = async (
  owner: pg.Pool,
  { workspaceId, role, userId }: { readonly workspaceId: string; readonly role: MemberRole; readonly userId?: string },
): Promise<string> => {
  const member = userId ?? (await createUser(owner));
  await owner.query('insert into durabase.workspace_members (workspace_id, user_id, role) values ($1, $2, $3)', [
    workspaceId,
    member,
    role,
  ]);
  return member;
};

export const shareTask = async (
  owner: pg.Pool,
  {
    taskId,
    userId,
    canRun = false,
    canEdit = false,
  }: { readonly taskId: string; readonly userId: string; readonly canRun?: boolean; readonly canEdit?: boolean },
): Promise<void> => {
  await owner.query('insert into durabase.task_permissions (task_id, user_id, can_run, can_edit) values ($1, $2, $3, $4)', [
    taskId,
    userId,
    canRun,
    canEdit,
  ]);
};

export interface TaskOptions {
  readonly slug?: string;
  /** Added to a plan with one step. */
  readonly plan?: Readonly<Record<string, unknown>>;
}

/** A saved and published task. Unless the plan says otherwise its runs need no check before admission. */
export const createReadyTask = async (
  owner: pg.Pool,
  workspaceId: string,
  { slug = 'greet', plan = {} }: TaskOptions = {},
): Promise<ReadyTask> => {
  const version = await callRow<{ readonly id: string; readonly task_id: string }>(owner, 'durabase.save_task', {
    definition: { slug, steps: [{ id: 'hello', action: 'log' }] },
    workspace: workspaceId,
  });
  await callRow(owner, 'durabase_private.publish_version', {
    p_version: version.id,
    p_plan: { mode: 'async', priority: 3, steps: [{ id: 'hello', action: 'log' }], ...plan },
    p_problems: null,
  });
  return { id: version.task_id, slug, versionId: version.id, workspaceId };
};

export const findRun = async (owner: pg.Pool, runId: string): Promise<Run> => {
  const { rows } = await owner.query<Run>('select * from durabase.task_runs where id = $1', [runId]);
  if (rows[0] === undefined) throw new Error(`there is no run ${runId}`);
  return rows[0];
};

/** Starts a run as the owner of the database. */
export const startRun = (owner: pg.Pool, task: ReadyTask, args: Readonly<Record<string, unknown>> = {}): Promise<Run> =>
  callRow<Run>(owner, 'durabase.start_run', { task: task.slug, workspace: task.workspaceId, ...args });

/** Names that Temporal would give to the first execution of a run. */
export const executionOf = (runId: string, temporalRunId = `exec-1-${runId}`) => ({
  runId,
  workflowId: `run-${runId}`,
  temporalRunId,
  firstRunId: `exec-1-${runId}`,
});

/** Lets one run pass admission, whatever else is queued; it stays queued while somebody else holds its permits. */
export const admitRun = async (owner: pg.Pool, runId: string): Promise<void> => {
  const missing = await eventually(async () => {
    const { rows } = await owner.query<{ missing: string | null }>(
      'select durabase_private.take_permits(run_id, limits) as missing from durabase_private.run_queue where run_id = $1',
      [runId],
    );
    if (rows[0]?.missing === '') throw new Error('somebody else takes a permit of the same key right now');
    return rows[0]?.missing ?? null;
  });
  if (missing !== null) return;
  await owner.query(
    `with held as (
       insert into durabase_private.run_limits select run_id, limits from durabase_private.run_queue where run_id = $1 and limits <> '[]'
       on conflict do nothing)
     update durabase_private.run_queue set admitted_at = now() where run_id = $1`,
    [runId],
  );
};

/** An admitted run that its first execution has opened. */
export const openRun = async (
  owner: pg.Pool,
  runId: string,
  steps: readonly Readonly<Record<string, unknown>>[] = [{ stepId: 'hello', name: 'Hello', action: 'log' }],
): Promise<Run> => {
  await admitRun(owner, runId);
  const [answer] = await callValue<{ verdict: string }[]>(owner, 'durabase_private.open_runs', {
    p_items: [{ ...executionOf(runId), steps }],
  });
  if (answer?.verdict !== 'go') throw new Error(`the run did not open: ${JSON.stringify(answer)}`);
  return findRun(owner, runId);
};

/** What a run says that did not end well. */
export const FAILURE = { code: 'STEP_FAILED', message: 'it did not work' };

/** A run in any state, brought there by our own functions as far as there is one that leads there. */
export const createRunIn = async (owner: pg.Pool, task: ReadyTask, state: RunState): Promise<Run> => {
  if (state === 'scheduled') return startRun(owner, task, { run_at: new Date(Date.now() + 3_600_000) });
  const { id } = await startRun(owner, task);
  switch (state) {
    case 'queued':
      break;
    case 'running':
    case 'waiting':
    case 'awaiting_input':
      await openRun(owner, id, [{ stepId: 'hello', name: 'Hello', action: 'log', state }]);
      break;
    case 'retrying':
      await openRun(owner, id);
      await callValue(owner, 'durabase_private.write_steps', {
        p_items: [
          {
            ...executionOf(id),
            op: 'end',
            stepId: 'hello',
            attempt: 1,
            state,
            error: FAILURE,
            nextAttemptAt: new Date(Date.now() + 60_000),
          },
        ],
      });
      break;
    case 'paused':
      await openRun(owner, id);
      await owner.query("update durabase.task_runs set state = 'paused' where id = $1", [id]);
      break;
    case 'completed':
    case 'failed':
    case 'timed_out':
    case 'cancelled':
      await openRun(owner, id);
      await callValue(owner, 'durabase_private.finish_runs', {
        p_items: [{ ...executionOf(id), state, ...(state === 'completed' ? { output: { ok: true } } : { error: FAILURE }) }],
      });
      break;
    case 'skipped':
    case 'expired':
      await owner.query('delete from durabase_private.run_queue where run_id = $1', [id]);
      await owner.query('select durabase_private.end_unopened_run(r, $2, $3) from durabase.task_runs r where r.id = $1', [
        id,
        state,
        FAILURE,
      ]);
      break;
  }
  return findRun(owner, id);
};
