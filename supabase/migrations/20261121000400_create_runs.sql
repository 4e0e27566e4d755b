-- Runs, steps, the feed of each run, stored values, the audit log.

create table durabase.task_runs (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  task_id uuid not null references durabase.tasks (id) on delete cascade,
  version_id uuid not null references durabase.task_versions (id) on delete cascade,
  state text not null constraint task_runs_state_known check (state in (
    'scheduled', 'queued', 'running', 'waiting', 'awaiting_input', 'retrying', 'paused',
    'completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired')),
  reason jsonb,
  mode text not null constraint task_runs_mode_known check (mode in ('async', 'sync')),
  priority smallint not null constraint task_runs_priority_range check (priority between 1 and 5),
  input jsonb not null,
  output jsonb,
  output_ref jsonb,
  error jsonb,
  source text not null constraint task_runs_source_known check (source in ('call', 'temporal', 'adopted')),
  actor_kind text not null constraint task_runs_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role', 'operator')),
  actor_user_id uuid references auth.users (id) on delete set null,
  actor_name text not null,
  idempotency_key text constraint task_runs_idempotency_key_length check (length(idempotency_key) between 1 and 200),
  workflow_id text not null,
  temporal_run_id text,
  run_at timestamptz not null,
  expires_at timestamptz,
  started_at timestamptz,
  deadline_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_reason text constraint task_runs_cancel_reason_length check (length(cancel_reason) <= 1000),
  stalled_at timestamptz,
  stalled_reason text,
  archived_at timestamptz,
  epoch int not null default 0,
  authority smallint not null default 0 constraint task_runs_authority_known check (authority in (0, 1)),
  event_seq bigint not null default 0,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint task_runs_finished_iff_terminal check (
    (finished_at is not null) = (state in ('completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'))),
  constraint task_runs_failure_has_error check (state not in ('failed', 'timed_out') or error is not null),
  constraint task_runs_stalled_has_reason check ((stalled_at is null) = (stalled_reason is null))
);
comment on column durabase.task_runs.reason is 'Why the run waits, while it does: {"code", "message", …}.';
comment on column durabase.task_runs.epoch is 'Which execution of the workflow speaks: raised by reset and continue-as-new. 0: none yet.';
comment on column durabase.task_runs.authority is 'Who said the state: 0 the workflow, 1 the reconciler that saw a close in Temporal.';
comment on column durabase.task_runs.event_seq is 'Number of the newest event of this run.';
comment on column durabase.task_runs.version is 'Grows with every change of the row; the highest wins.';
create index task_runs_workspace_page_idx on durabase.task_runs (workspace_id, created_at, id);
create index task_runs_task_page_idx on durabase.task_runs (task_id, created_at, id);
create index task_runs_state_page_idx on durabase.task_runs (workspace_id, state, created_at, id);
create index task_runs_own_page_idx on durabase.task_runs (actor_user_id, workspace_id, created_at, id);
create index task_runs_version_idx on durabase.task_runs (version_id);
create index task_runs_open_idx on durabase.task_runs (updated_at)
  where state in ('running', 'waiting', 'awaiting_input', 'retrying', 'paused');

create table durabase.run_steps (
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  step_id text not null,
  iteration int not null default 0,
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  name text not null,
  action text not null,
  state text not null constraint run_steps_state_known check (state in (
    'running', 'waiting', 'awaiting_input', 'retrying', 'completed', 'failed', 'timed_out', 'cancelled', 'skipped')),
  epoch int not null,
  attempt int not null constraint run_steps_attempt_positive check (attempt > 0),
  failure_count int not null default 0,
  input jsonb,
  output jsonb,
  output_ref jsonb,
  error jsonb,
  next_attempt_at timestamptz,
  wakes_at timestamptz,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  version bigint not null default 1,
  updated_at timestamptz not null default now(),
  primary key (run_id, step_id, iteration),
  constraint run_steps_finished_iff_terminal check (
    (finished_at is not null) = (state in ('completed', 'failed', 'timed_out', 'cancelled', 'skipped'))),
  constraint run_steps_retrying_has_time check ((state = 'retrying') = (next_attempt_at is not null))
);
comment on column durabase.run_steps.output_ref is 'In place of a large output: {"payload", "bytes", "sha256", "preview"}; read it with get_payload.';
comment on column durabase.run_steps.input is 'Resolved when the step became ready, secrets left out.';
create index run_steps_workspace_idx on durabase.run_steps (workspace_id);

create table durabase.run_events (
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  seq bigint not null,
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  state text,
  step_id text,
  iteration int,
  attempt int,
  data jsonb,
  primary key (run_id, seq)
);
create index run_events_workspace_idx on durabase.run_events (workspace_id);

create table durabase.audit_log (
  n bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  workspace_id uuid, -- no foreign key: the log outlives what it tells of
  actor_kind text not null,
  actor_user_id uuid,
  actor_name text not null,
  action text not null,
  entity text not null,
  entity_id text not null,
  details jsonb not null default '{}'
);
create index audit_log_page_idx on durabase.audit_log (workspace_id, n);
create index audit_log_entity_idx on durabase.audit_log (entity_id, n);

create function durabase_private.refuse_audit_change() returns trigger language plpgsql volatile set search_path = '' as $$
begin
  perform durabase_private.refuse(403, 'FORBIDDEN', 'the audit log is append-only', 'append a correcting row instead');
  return null;
end $$;
create trigger audit_log_is_append_only before update or delete on durabase.audit_log
  for each row execute function durabase_private.refuse_audit_change();
create trigger audit_log_is_not_truncated before truncate on durabase.audit_log
  for each statement execute function durabase_private.refuse_audit_change();

alter table durabase.task_runs enable row level security;
alter table durabase.run_steps enable row level security;
alter table durabase.run_events enable row level security;
alter table durabase.audit_log enable row level security;

-- The walk from a run to its steps and events costs one look at the run, which its own policy guards.
create policy task_runs_read on durabase.task_runs for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or task_id = any ((select durabase_private.shared_task_ids())::uuid[])
    or (actor_user_id = (select durabase_private.uid()) and workspace_id = any ((select durabase_private.ws_ids())::uuid[]))
    or (select durabase_private.is_instance_admin())
  );
create policy run_steps_read on durabase.run_steps for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or exists (select from durabase.task_runs r where r.id = run_id)
  );
create policy run_events_read on durabase.run_events for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or exists (select from durabase.task_runs r where r.id = run_id)
  );
create policy audit_log_read on durabase.audit_log for select to authenticated
  using (
    workspace_id = any ((select durabase_private.admin_ws_ids())::uuid[])
    or (select durabase_private.is_instance_admin())
  );

grant select on durabase.task_runs, durabase.run_steps, durabase.run_events, durabase.audit_log to authenticated, service_role;
revoke execute on function durabase_private.refuse_audit_change() from public;
