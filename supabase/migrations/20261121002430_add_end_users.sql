-- End users: whoever is signed in starts published tasks, within limits of his own, and cancels what he started.

alter table durabase.instance_settings
  add column end_user_max_open_runs int not null default 10
    constraint instance_settings_open_runs_range check (end_user_max_open_runs between 0 and 1000),
  add column end_user_max_starts_per_minute int not null default 20
    constraint instance_settings_starts_per_minute_range check (end_user_max_starts_per_minute between 0 and 1000),
  add column end_user_max_starts_per_day int not null default 500
    constraint instance_settings_starts_per_day_range check (end_user_max_starts_per_day between 0 and 100000);
comment on column durabase.instance_settings.end_user_max_open_runs is 'How many runs of one end user may be queued or under way at once.';

alter table durabase.task_runs add column end_user_kind text
  constraint task_runs_end_user_kind_known check (end_user_kind in ('run', 'child'));
comment on column durabase.task_runs.end_user_kind is
  'Set when a published task was started by somebody without a right of his own: run, what he started and sees; child, what that started in turn.';
create index task_runs_end_user_idx on durabase.task_runs (actor_user_id, created_at) where end_user_kind = 'run';
create index task_runs_end_user_open_idx on durabase.task_runs (actor_user_id) where end_user_kind = 'run' and finished_at is null;

-- Where somebody has started a published task: what a membership is to members.
create table durabase_private.end_users (
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, workspace_id)
);
create index end_users_workspace_idx on durabase_private.end_users (workspace_id);
alter table durabase_private.end_users enable row level security;

create function durabase_private.has_end_users() returns boolean
-- definer: callers may not read the settings
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.sign_up <> 'nothing' from durabase.instance_settings s);
end $$;

-- Workspaces where the caller has runs that he started as an end user.
create function durabase_private.end_user_ws_ids() returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(e.workspace_id)
    from durabase_private.end_users e join durabase.workspaces w on w.id = e.workspace_id
    where e.user_id = durabase_private.uid() and w.deleted_at is null and durabase_private.has_end_users()
  ), '{}');
end $$;

-- Whether the actor sees this run because he started it as an end user.
create function durabase_private.is_end_users_own(p_actor durabase_private.actor, p_run durabase.task_runs) returns boolean
-- definer: reads workspaces that the caller is not in
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce(p_actor.kind = 'user' and p_run.end_user_kind = 'run' and p_run.actor_user_id = p_actor.user_id
    and exists (select from durabase.workspaces w where w.id = p_run.workspace_id and w.deleted_at is null)
    and durabase_private.has_end_users(), false);
end $$;

-- ── Which tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.published_tasks(p_workspace uuid, p_task text, p_after_slug text, p_after_id uuid, p_limit int)
returns table (id uuid, workspace_id uuid, slug text, name text, description text, input_schema jsonb)
-- definer: shows of others' tasks what was published of them, and nothing else
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  if not (v_actor.is_privileged or durabase_private.has_end_users()) then return; end if;
  return query
    select t.id, t.workspace_id, t.slug, t.name, t.description, v.plan -> 'inputSchema'
    from durabase.tasks t
      join durabase.workspaces w on w.id = t.workspace_id and w.deleted_at is null
      join durabase.task_versions v on v.id = t.ready_version_id
    where t.published_at is not null and t.deleted_at is null
      and (p_workspace is null or t.workspace_id = p_workspace)
      and (p_task is null or t.slug = p_task or t.id::text = lower(p_task))
      and (p_after_slug is null or (t.slug, t.id) > (p_after_slug, p_after_id))
    order by t.slug, t.id limit least(greatest(coalesce(p_limit, 50), 1), 1000);
end $$;

-- Tasks that everybody who is signed in may start, by their slugs: what they are called, what they are for, what they take.
-- after_slug and after_id are slug and id of the last row of the page before.
create function durabase.published_tasks(
  workspace uuid default null, task text default null, after_slug text default null, after_id uuid default null, page_limit int default 50
) returns table (id uuid, workspace_id uuid, slug text, name text, description text, input_schema jsonb)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.published_tasks(workspace, task, after_slug, after_id, page_limit);
end $$;

-- The task that the actor wants to start: with a right of his own, or else because it is published.
create function durabase_private.find_startable(
  p_actor durabase_private.actor, p_task text, p_workspace uuid, out task durabase.tasks, out is_end_user boolean
)
-- definer: looks at tasks before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_is_id boolean := p_task ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
  v_open durabase.tasks[];
begin
  is_end_user := false;
  if p_actor.kind = 'user' then
    select array_agg(t) into v_open from durabase.tasks t
      where (case when v_is_id then t.id = p_task::uuid else t.slug = p_task end)
        and t.published_at is not null and t.deleted_at is null and (p_workspace is null or t.workspace_id = p_workspace)
        and exists (select from durabase.workspaces w where w.id = t.workspace_id and w.deleted_at is null);
    is_end_user := v_open is not null and durabase_private.has_end_users() and not exists (
      select from durabase.tasks t
      where (case when v_is_id then t.id = p_task::uuid else t.slug = p_task end)
        and t.deleted_at is null and (p_workspace is null or t.workspace_id = p_workspace)
        and durabase_private.has_right(p_actor, 'run', t.workspace_id, t.id));
  end if;
  if not is_end_user then
    task := durabase_private.find_task(p_actor, p_task, p_workspace, 'run');
    return;
  end if;
  if cardinality(v_open) > 1 then
    perform durabase_private.refuse(422, 'WORKSPACE_AMBIGUOUS',
      format('%s workspaces have published a task %s', cardinality(v_open), to_json(p_task)), 'name the workspace', 'workspace');
  end if;
  task := v_open[1];
end $$;

-- ── Limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Refuses what may be tried again after a while. The API makes Retry-After of it.
create function durabase_private.refuse_for_now(p_code text, p_message text, p_retry_after interval) returns void
language plpgsql volatile set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT429', message = p_message,
    detail = jsonb_build_object('code', p_code, 'retryAfterMs', greatest(ceil(extract(epoch from p_retry_after) * 1000), 1000))::text,
    hint = format('try again in %s seconds', greatest(ceil(extract(epoch from p_retry_after)), 1));
end $$;

-- How long until a window of starts has room again; null: it has.
create function durabase_private.wait_of_end_user(p_user uuid, p_window interval, p_limit int) returns interval
language plpgsql stable set search_path = '' as $$
declare
  v_count int;
  v_oldest timestamptz;
begin
  select count(*), min(s.created_at) into v_count, v_oldest from (
    select r.created_at from durabase.task_runs r
    where r.actor_user_id = p_user and r.end_user_kind = 'run' and r.created_at > clock_timestamp() - p_window
    order by r.created_at desc limit p_limit) s;
  if v_count < p_limit then return null; end if;
  return coalesce(v_oldest + p_window - clock_timestamp(), p_window);
end $$;

-- One start of a user at a time is judged, so that many at once are not each the last one that fits.
create function durabase_private.check_end_user(p_user uuid, p_workspace uuid, p_priority int) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_settings durabase.instance_settings;
  v_wait interval;
begin
  if p_priority is not null then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'end users do not choose the priority', 'leave it out', 'priority');
  end if;
  perform pg_advisory_xact_lock(hashtextextended(p_user::text, 7220004));
  select * into v_settings from durabase.instance_settings;
  if (select count(*) from (select from durabase.task_runs r where r.actor_user_id = p_user and r.end_user_kind = 'run' and r.finished_at is null
      limit v_settings.end_user_max_open_runs) o) >= v_settings.end_user_max_open_runs then
    perform durabase_private.refuse_for_now('QUEUE_FULL', format('you have %s runs that have not ended; more are not accepted', v_settings.end_user_max_open_runs), '5 seconds');
  end if;
  v_wait := durabase_private.wait_of_end_user(p_user, '1 minute', v_settings.end_user_max_starts_per_minute);
  if v_wait is not null then
    perform durabase_private.refuse_for_now('RATE_LIMITED', format('you may start %s runs a minute', v_settings.end_user_max_starts_per_minute), v_wait);
  end if;
  v_wait := durabase_private.wait_of_end_user(p_user, '1 day', v_settings.end_user_max_starts_per_day);
  if v_wait is not null then
    perform durabase_private.refuse_for_now('RATE_LIMITED', format('you may start %s runs a day', v_settings.end_user_max_starts_per_day), v_wait);
  end if;
  insert into durabase_private.end_users (workspace_id, user_id) values (p_workspace, p_user) on conflict do nothing;
end $$;

-- ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────────────────

drop function durabase_private.accept_run(durabase_private.actor, uuid, durabase.tasks, jsonb, timestamptz, int, text, text, text, boolean);

-- Writes an accepted run: the row, its first event, its place in the queue, its audit row. No checks: those stand before.
create function durabase_private.accept_run(
  p_actor durabase_private.actor, p_id uuid, p_task durabase.tasks, p_input jsonb, p_run_at timestamptz, p_priority int,
  p_key text, p_source text, p_workflow_id text, p_is_waiting_in_temporal boolean, p_end_user_kind text default null
) returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
declare
  v_version record;
  v_run durabase.task_runs;
  v_now timestamptz := clock_timestamp();
begin
  select v.id, v.mode, v.priority, v.ttl, v.needs_check into v_version
    from durabase.task_versions v where v.id = p_task.ready_version_id;
  if v_version.id is null then
    perform durabase_private.refuse(409, 'TASK_NOT_READY', format('the task %s has no ready version', to_json(p_task.slug)),
      'wait a second after saving it, or look at the problems of its newest version', 'task');
  end if;
  insert into durabase.task_runs (
    id, workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_user_id, actor_name,
    idempotency_key, workflow_id, run_at, expires_at, event_seq, created_at, updated_at, end_user_kind
  ) values (
    p_id, p_task.workspace_id, p_task.id, v_version.id, case when p_run_at > v_now then 'scheduled' else 'queued' end,
    v_version.mode, coalesce(p_priority, v_version.priority), p_input, p_source, p_actor.kind, p_actor.user_id, p_actor.name,
    p_key, p_workflow_id, coalesce(p_run_at, v_now), greatest(p_run_at, v_now) + v_version.ttl, 1, v_now, v_now, p_end_user_kind
  ) returning * into v_run;
  perform durabase_private.emit(v_run, 1, 'run.' || v_run.state);
  perform durabase_private.tell_feeds(v_run);
  insert into durabase_private.run_queue (run_id, workspace_id, priority, is_sync, ready_at, expires_at, needs_check, limits, is_waiting_in_temporal)
    values (v_run.id, v_run.workspace_id, v_run.priority, v_run.mode = 'sync', v_run.run_at, v_run.expires_at, v_version.needs_check,
      case when v_run.mode = 'sync'
        then jsonb_build_array(jsonb_build_object('key', 'sync:' || v_run.workspace_id, 'limit', 1, 'label', 'one sync run at a time in its workspace'))
        else '[]' end,
      p_is_waiting_in_temporal);
  perform durabase_private.audit(p_actor, v_run.workspace_id, 'run.started', 'run', v_run.id::text,
    jsonb_build_object('task', p_task.slug, 'source', p_source));
  return v_run;
end $$;

create or replace function durabase_private.start_run(
  p_task text, p_input jsonb, p_workspace uuid, p_idempotency_key text, p_run_at timestamptz, p_priority int
) returns durabase.task_runs
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_found record := durabase_private.find_startable(v_actor, p_task, p_workspace);
  v_task durabase.tasks := v_found.task;
  v_input jsonb := coalesce(p_input, '{}');
  v_key text := p_idempotency_key;
  v_hash bytea;
  v_id uuid := durabase_private.uuid_v7();
  v_run durabase.task_runs;
begin
  -- VALIDATE
  if octet_length(v_input::text) > 1048576 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'the input may have at most 1 MiB', 'store it elsewhere and pass its address', 'input');
  end if;
  if p_priority not between 1 and 5 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the priority must be 1 to 5', null, 'priority');
  end if;
  if length(p_idempotency_key) not between 1 and 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'an idempotency key has 1 to 200 characters', null, 'idempotency_key');
  end if;
  if p_run_at > now() + interval '10 years' or p_run_at = '-infinity' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'run_at is too far away', 'within ten years', 'run_at');
  end if;
  -- End users share nothing, so each has keys of his own: none can take or guess another's.
  if v_found.is_end_user then v_key := 'end-user:' || encode(sha256(convert_to(v_actor.user_id || ':' || v_key, 'utf8')), 'hex'); end if;

  if v_key is not null then
    v_hash := sha256(convert_to(v_task.id || '|' || v_input::text || '|' || coalesce(extract(epoch from p_run_at)::text, '') || '|' || coalesce(p_priority::text, ''), 'utf8'));
    v_run := durabase_private.run_of_key(v_actor, v_task.workspace_id, v_key, v_hash, v_id);
    if v_run.id is not null then return v_run; end if;
  end if;

  -- MUTATE
  if v_found.is_end_user then perform durabase_private.check_end_user(v_actor.user_id, v_task.workspace_id, p_priority); end if;
  return durabase_private.accept_run(v_actor, v_id, v_task, v_input, p_run_at, p_priority, p_idempotency_key, 'call', 'run-' || v_id, false,
    case when v_found.is_end_user then 'run' end);
end $$;

-- Starts a run for a step of another one, with the rights of that one's actor; for an end user with those of the published task,
-- whose author chose what it starts. Asked again, it finds the run that it started.
create or replace function durabase_private.start_child(p_run durabase.task_runs, p_step text, p_iteration int, p_wait jsonb) returns uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.actor_of_run(p_run);
  v_task durabase.tasks;
  v_child uuid;
  v_depth int := coalesce((select l.depth from durabase.run_links l where l.run_id = p_run.id and l.kind = 'child'), 0) + 1;
begin
  select l.run_id into v_child from durabase.run_links l join durabase.task_runs c on c.id = l.run_id
    where l.parent_run_id = p_run.id and l.step_id = p_step and l.iteration = p_iteration and l.kind = 'child'
      and (c.state = 'completed' or (c.finished_at is null and c.cancel_requested_at is null))
    order by l.created_at desc, l.run_id desc limit 1;
  if v_child is not null then return v_child; end if;
  if octet_length((p_wait -> 'input')::text) > 1048576 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'the input may have at most 1 MiB', 'store it elsewhere and pass its address', 'input');
  end if;
  if v_depth > 16 then
    perform durabase_private.refuse(422, 'STEP_INPUT_INVALID', 'runs are nested too deeply: at most 16 levels', 'look for a task that starts itself', 'task');
  end if;
  v_task := durabase_private.find_task(
    case when p_run.end_user_kind is null then v_actor else ('service', null, 'published task', true)::durabase_private.actor end,
    p_wait ->> 'task', p_run.workspace_id, 'run');
  v_child := durabase_private.uuid_v7();
  v_actor.kind := p_run.actor_kind; -- rights are those of a key's member, but rows say that it was a key
  perform durabase_private.accept_run(v_actor, v_child, v_task, coalesce(p_wait -> 'input', '{}'), null, (p_wait ->> 'priority')::int,
    null, 'call', 'run-' || v_child, false, case when p_run.end_user_kind is not null then 'child' end);
  insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id, iteration, is_waited, depth)
    values (v_child, p_run.id, p_run.workspace_id, 'child', p_step, p_iteration, (p_wait ->> 'isWaited')::boolean, v_depth);
  return v_child;
end $$;

-- ── Cancelling ────────────────────────────────────────────────────────────────────────────────────────────────────────

create or replace function durabase_private.cancel_run(p_run uuid, p_reason text) returns durabase.task_runs
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_run durabase.task_runs;
  v_queued durabase_private.run_queue;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  if length(p_reason) > 1000 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a reason has at most 1,000 characters', null, 'reason');
  end if;
  -- LOCK: the queue before the run, as everywhere
  select * into v_queued from durabase_private.run_queue q where q.run_id = p_run for update;
  select * into v_run from durabase.task_runs r where r.id = p_run for update;
  if not durabase_private.is_end_users_own(v_actor, v_run) then
    perform durabase_private.check_operator(v_actor, v_run, 'cancel');
  end if;
  if v_run.finished_at is not null then
    perform durabase_private.refuse(409, 'RUN_FINISHED', format('the run has already ended: %s', v_run.state), null, 'run');
  end if;
  if v_run.cancel_requested_at is not null then return v_run; end if;

  update durabase.task_runs set cancel_requested_at = clock_timestamp(), cancel_reason = p_reason,
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.cancel-requested', p_data => jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'by', v_actor.name)));
  perform durabase_private.audit(v_actor, v_run.workspace_id, 'run.cancelled', 'run', p_run::text, jsonb_strip_nulls(jsonb_build_object('reason', p_reason)));
  if v_queued.run_id is not null and v_queued.admitted_at is null and not v_queued.is_waiting_in_temporal then
    delete from durabase_private.run_queue where run_id = p_run;
    return durabase_private.end_unopened_run(v_run, 'cancelled', jsonb_build_object('code', 'RUN_CANCELLED', 'message', coalesce(p_reason, 'cancelled before it started')));
  end if;
  insert into durabase_private.wishes (run_id, kind, epoch) values (p_run, 'cancel', v_run.epoch)
    on conflict (run_id, kind) do update set epoch = excluded.epoch, requested_at = now(), carried_until = null;
  perform durabase_private.tell_feeds(v_run);
  return v_run;
end $$;

revoke execute on function durabase_private.has_end_users(), durabase_private.end_user_ws_ids(),
  durabase_private.is_end_users_own(durabase_private.actor, durabase.task_runs),
  durabase_private.published_tasks(uuid, text, text, uuid, int), durabase.published_tasks(uuid, text, text, uuid, int),
  durabase_private.find_startable(durabase_private.actor, text, uuid), durabase_private.refuse_for_now(text, text, interval),
  durabase_private.wait_of_end_user(uuid, interval, int), durabase_private.check_end_user(uuid, uuid, int),
  durabase_private.accept_run(durabase_private.actor, uuid, durabase.tasks, jsonb, timestamptz, int, text, text, text, boolean, text) from public;
grant execute on function durabase_private.end_user_ws_ids() to anon, authenticated, service_role;
grant execute on function durabase_private.published_tasks(uuid, text, text, uuid, int), durabase.published_tasks(uuid, text, text, uuid, int)
  to authenticated, service_role;
