-- What only the engine reads and writes. No role of the Data API has any right here.

-- Runs that are not open yet: accepted, checked, admitted. A row leaves when its run opens.
create table durabase_private.run_queue (
  run_id uuid primary key references durabase.task_runs (id) on delete cascade,
  workspace_id uuid not null,
  priority smallint not null,
  is_sync boolean not null,
  position bigint generated always as identity,
  ready_at timestamptz not null,
  expires_at timestamptz,
  needs_check boolean not null,
  limits jsonb not null default '[]', -- [{"key", "limit", "label"}], in the order of their keys
  blocked_key text, -- the permit it waits for; freed permits clear it
  admitted_at timestamptz,
  claimed_until timestamptz, -- somebody is starting it
  is_waiting_in_temporal boolean not null default false -- its workflow exists already and waits for a Signal
);
create index run_queue_ready_idx on durabase_private.run_queue (is_sync desc, priority, position) where blocked_key is null;
create index run_queue_blocked_idx on durabase_private.run_queue (blocked_key, priority, position) where blocked_key is not null;

create index run_queue_claimed_idx on durabase_private.run_queue (claimed_until) where claimed_until is not null;

-- A permit is a row: the primary key makes it impossible that two runs hold the same slot.
create table durabase_private.permits (
  key text not null constraint permits_key_length check (length(key) <= 500),
  slot int not null,
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  taken_at timestamptz not null default now(),
  primary key (key, slot)
);
create index permits_run_idx on durabase_private.permits (run_id);

-- What an open run must hold; kept because a reset must take it again.
create table durabase_private.run_limits (
  run_id uuid primary key references durabase.task_runs (id) on delete cascade,
  limits jsonb not null
);

-- Which execution in Temporal is which epoch of a run.
create table durabase_private.executions (
  temporal_run_id text primary key,
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  epoch int not null,
  first_run_id text not null,
  created_at timestamptz not null default now(),
  unique (run_id, epoch)
);

create table durabase_private.idempotency_keys (
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  key text not null constraint idempotency_keys_key_length check (length(key) between 1 and 200),
  body_hash bytea not null,
  run_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, key)
);

-- Values too large for a row that is read often.
create table durabase_private.payloads (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  sha256 text not null,
  byte_count int not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  unique (run_id, sha256)
);
create index payloads_workspace_idx on durabase_private.payloads (workspace_id);

-- Changes on their way to the feeds, in the order in which they were made.
create table durabase_private.feed_inbox (
  n bigint generated always as identity primary key,
  workspace_id uuid not null,
  task_id uuid,
  run_id uuid,
  user_id uuid,
  kind text not null,
  entity_id text not null,
  version bigint not null,
  state text,
  at timestamptz not null default clock_timestamp()
);

-- Wishes about runs that a dispatcher carries to Temporal.
create table durabase_private.wishes (
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  kind text not null constraint wishes_kind_known check (kind in ('cancel')),
  epoch int not null,
  requested_at timestamptz not null default now(),
  carried_until timestamptz,
  primary key (run_id, kind)
);

create table durabase_private.workers (
  id text primary key,
  task_queue text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  is_polling boolean not null,
  details jsonb not null default '{}'
);

create table durabase_private.leases (
  name text primary key,
  holder text not null,
  held_until timestamptz not null,
  bookmark jsonb not null default '{}'
);
comment on column durabase_private.leases.bookmark is 'How far the holder came; the next holder goes on from there.';

-- Differences that the reconciler found between Temporal and the mirror, mended or not.
create table durabase_private.drift (
  id bigint generated always as identity primary key,
  found_at timestamptz not null default clock_timestamp(),
  kind text not null,
  run_id uuid,
  workspace_id uuid,
  workflow_id text not null,
  temporal_run_id text,
  mirror_said text,
  temporal_said text,
  is_mended boolean not null,
  note text not null
);
create index drift_page_idx on durabase_private.drift (workspace_id, id);
create index drift_same_idx on durabase_private.drift (workflow_id, temporal_run_id, kind);

do $$ declare t text; begin
  for t in select tablename from pg_catalog.pg_tables where schemaname = 'durabase_private' loop
    execute format('alter table durabase_private.%I enable row level security', t);
    execute format('revoke all on durabase_private.%I from public, anon, authenticated', t);
  end loop;
end $$;
