-- What the reconciler does with what it saw in Temporal, and the small registers of the engine.

create function durabase_private.note_drift(
  p_kind text, p_run durabase.task_runs, p_workflow_id text, p_temporal_run text, p_temporal_said text, p_is_mended boolean, p_note text
) returns void language sql volatile set search_path = '' as $$
  insert into durabase_private.drift (kind, run_id, workspace_id, workflow_id, temporal_run_id, mirror_said, temporal_said, is_mended, note)
  select p_kind, p_run.id, p_run.workspace_id, p_workflow_id, p_temporal_run, p_run.state, p_temporal_said, p_is_mended, p_note
  where not exists (
    select from durabase_private.drift d
    where d.kind = p_kind and d.workflow_id = p_workflow_id and d.temporal_run_id is not distinct from p_temporal_run
      and d.mirror_said is not distinct from p_run.state and d.is_mended = p_is_mended)
$$;

-- The states that the mirror may show for an execution that Temporal closed with this status.
create function durabase_private.fitting_states(p_status text) returns text[] language sql immutable set search_path = '' as $$
  select case p_status
    when 'COMPLETED' then array['completed']
    when 'FAILED' then array['failed', 'timed_out', 'cancelled', 'expired', 'skipped']
    when 'CANCELED' then array['cancelled']
    when 'TERMINATED' then array['cancelled', 'failed']
    when 'TIMED_OUT' then array['timed_out']
  end
$$;

create function durabase_private.reconcile_one(p_item jsonb) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_status text := p_item ->> 'status';
  v_temporal_run text := p_item ->> 'temporalRunId';
  v_run durabase.task_runs;
  v_epoch int;
  v_is_seen boolean;
  v_fitting text[] := durabase_private.fitting_states(v_status);
  v_error jsonb;
begin
  -- cheap look first: most closed executions are mirrored already
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.id is null then return 'unknown'; end if;
  if v_run.temporal_run_id = v_temporal_run and (
    case when v_fitting is null then v_run.finished_at is null else v_run.state = any (v_fitting) end
  ) then return 'same'; end if;
  if v_fitting is null and v_status <> 'RUNNING' then return 'same'; end if; -- continued as new: its successor speaks

  perform from durabase_private.run_queue q where q.run_id = v_id for update;
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  v_is_seen := exists (select from durabase_private.executions e where e.temporal_run_id = v_temporal_run);
  -- a running execution that nobody claimed yet is about to open by itself
  if not v_is_seen and v_status = 'RUNNING' and v_run.epoch = 0 then return 'same'; end if;
  -- one that closed before it could write, and started before the execution that speaks now took over, is past
  if not v_is_seen and (p_item ->> 'startedAt')::timestamptz < (
    select e.created_at from durabase_private.executions e where e.run_id = v_id and e.epoch = v_run.epoch
  ) and v_status <> 'RUNNING' then return 'same'; end if;
  v_epoch := durabase_private.claim_epoch(v_run, v_temporal_run, p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then return 'same'; end if;
  if not v_is_seen and v_epoch > 1 then
    perform durabase_private.note_drift('reset', v_run, p_item ->> 'workflowId', v_temporal_run, v_status, true, 'the run was reset in Temporal');
  end if;
  if v_fitting is null then return case when v_is_seen then 'same' else 'mended' end; end if;

  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.state = any (v_fitting) then return 'same'; end if;
  perform durabase_private.note_drift(lower(v_status), v_run, p_item ->> 'workflowId', v_temporal_run, v_status, true,
    'the execution closed in Temporal without the word of its workflow');
  delete from durabase_private.run_queue where run_id = v_id;
  v_error := case v_status
    when 'TERMINATED' then jsonb_build_object('code', 'RUN_TERMINATED', 'message', 'terminated in Temporal' || coalesce(': ' || (p_item ->> 'reason'), ''))
    when 'TIMED_OUT' then jsonb_build_object('code', 'DEADLINE_EXCEEDED', 'message', 'the execution timed out in Temporal')
    when 'FAILED' then jsonb_build_object('code', 'WORKFLOW_FAILED', 'message', 'the workflow failed in Temporal' || coalesce(': ' || (p_item ->> 'reason'), ''))
    when 'CANCELED' then jsonb_build_object('code', 'RUN_CANCELLED', 'message', 'cancelled in Temporal') end;
  v_run := durabase_private.close_run(v_run, v_fitting[1], v_error, case when v_status = 'COMPLETED' then v_run.output end,
    case when v_status = 'COMPLETED' then v_run.output_ref end, 1);
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.' || lower(v_status), 'run', v_id::text,
    jsonb_strip_nulls(jsonb_build_object('in', 'Temporal', 'temporalRunId', v_temporal_run, 'reason', p_item -> 'reason')));
  return 'mended';
end $$;

-- [{"runId", "workflowId", "temporalRunId", "firstRunId", "status", "startedAt", "reason"}] → for each: same | mended | unknown (no row)
create function durabase_private.reconcile(p_items jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_answers jsonb := '{}';
begin
  perform durabase_private.lock_queue(array(select (i ->> 'runId')::uuid from jsonb_array_elements(p_items) i));
  perform durabase_private.lock_permits(array(
    select (i ->> 'runId')::uuid from jsonb_array_elements(p_items) i where i ->> 'status' <> 'RUNNING'));
  for v_item in select i, n from jsonb_array_elements(p_items) with ordinality u(i, n) order by i ->> 'runId', n loop
    v_answers := v_answers || jsonb_build_object(v_item.n::text, durabase_private.reconcile_one(v_item.i));
  end loop;
  return (select jsonb_agg(v_answers -> n::text order by n) from generate_series(1, jsonb_array_length(p_items)) n);
end $$;

-- Open runs by id, in pages; those that changed a moment ago are left out.
create function durabase_private.list_open_runs(p_after uuid, p_quiet_ms int, p_limit int)
returns table (run_id uuid, workflow_id text, temporal_run_id text, state text, stalled_reason text)
-- definer: the engine has no rights on tables
language sql stable security definer set search_path = '' as $$
  select r.id, r.workflow_id, r.temporal_run_id, r.state, r.stalled_reason from durabase.task_runs r
  where r.state in ('running', 'waiting', 'awaiting_input', 'retrying', 'paused')
    and r.updated_at < clock_timestamp() - p_quiet_ms * interval '1 millisecond' and r.id > p_after
  order by r.id limit p_limit
$$;

-- Temporal has forgotten an execution that should be open.
create function durabase_private.lose_run(p_run uuid, p_temporal_run text) returns boolean
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  perform durabase_private.lock_queue(array[p_run]), durabase_private.lock_permits(array[p_run]);
  select * into v_run from durabase.task_runs r where r.id = p_run for update;
  if v_run.id is null or v_run.finished_at is not null or v_run.temporal_run_id is distinct from p_temporal_run then return false; end if;
  delete from durabase_private.run_queue where run_id = p_run;
  perform durabase_private.note_drift('lost', v_run, v_run.workflow_id, p_temporal_run, 'NOT_FOUND', true, 'Temporal does not know the execution');
  v_run := durabase_private.close_run(v_run, 'failed', jsonb_build_object('code', 'RUN_LOST', 'message', 'Temporal no longer knows the run'), null, null, 1);
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.lost', 'run', p_run::text, '{}');
  return true;
end $$;

-- Sets or clears the stalled flag.
create function durabase_private.flag_run(p_run uuid, p_reason text) returns void
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  update durabase.task_runs r set stalled_at = case when p_reason is not null then coalesce(r.stalled_at, clock_timestamp()) end,
      stalled_reason = left(p_reason, 500), event_seq = r.event_seq + 1, version = r.version + 1, updated_at = clock_timestamp()
    where r.id = p_run and r.finished_at is null and r.stalled_reason is distinct from left(p_reason, 500) returning * into v_run;
  if v_run.id is null then return; end if;
  perform durabase_private.emit(v_run, v_run.event_seq, case when p_reason is null then 'run.going-on' else 'run.stalled' end,
    p_data => case when p_reason is not null then jsonb_build_object('reason', left(p_reason, 500)) end);
  perform durabase_private.tell_feeds(v_run);
end $$;

-- An execution without a row (the database was restored to an earlier commit), rebuilt from what open_run recorded in its
-- history. False, and a line in drift, when its workspace, task or version is not there either.
create function durabase_private.adopt_execution(p_item jsonb) returns boolean
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_record jsonb := p_item -> 'record';
  v_version durabase.task_versions;
  v_run durabase.task_runs;
begin
  select v.* into v_version from durabase.task_versions v
    where v.id = (v_record ->> 'versionId')::uuid and v.workspace_id = (v_record ->> 'workspaceId')::uuid and v.state = 'ready';
  if v_version.id is null or not v_record ? 'input' then
    perform durabase_private.note_drift('unknown', null, p_item ->> 'workflowId', p_item ->> 'temporalRunId', p_item ->> 'status', false,
      case when v_version.id is null then 'an execution without a row, of a version that is not here' else 'an execution without a row, whose input was too large for its history' end);
    return false;
  end if;
  insert into durabase.task_runs (id, workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_user_id,
      actor_name, workflow_id, temporal_run_id, run_at, started_at, epoch, event_seq, created_at)
    values ((p_item ->> 'runId')::uuid, v_version.workspace_id, v_version.task_id, v_version.id, 'running', v_version.mode, v_version.priority,
      v_record -> 'input', 'adopted', v_record #>> '{actor,kind}',
      (select u.id from auth.users u where u.id = (v_record #>> '{actor,userId}')::uuid), v_record #>> '{actor,name}',
      p_item ->> 'workflowId', p_item ->> 'temporalRunId', (v_record ->> 'createdAt')::timestamptz, now(), 1, 1,
      (v_record ->> 'createdAt')::timestamptz)
    on conflict (id) do nothing returning * into v_run;
  if v_run.id is null then return true; end if;
  insert into durabase_private.executions (temporal_run_id, run_id, epoch, first_run_id)
    values (p_item ->> 'temporalRunId', v_run.id, 1, p_item ->> 'firstRunId') on conflict do nothing;
  perform durabase_private.emit(v_run, 1, 'run.adopted');
  perform durabase_private.tell_feeds(v_run);
  perform durabase_private.note_drift('adopted', v_run, v_run.workflow_id, v_run.temporal_run_id, p_item ->> 'status', true,
    'an execution without a row was adopted from its history');
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.adopted', 'run', v_run.id::text, '{}');
  return true;
end $$;

-- ── Registers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Takes or keeps the lead. Returns the bookmark that the last holder left, null when somebody else leads.
create function durabase_private.hold_lease(p_name text, p_holder text, p_ms int, p_bookmark jsonb default null) returns jsonb
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  insert into durabase_private.leases as l (name, holder, held_until, bookmark)
  values (p_name, p_holder, clock_timestamp() + p_ms * interval '1 millisecond', coalesce(p_bookmark, '{}'))
  on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until, bookmark = coalesce(p_bookmark, l.bookmark)
    where l.holder = excluded.holder or l.held_until < clock_timestamp()
  returning bookmark
$$;

create function durabase_private.leave_lease(p_name text, p_holder text) returns void
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  update durabase_private.leases set held_until = clock_timestamp() where name = p_name and holder = p_holder
$$;

create function durabase_private.beat(p_worker text, p_task_queue text, p_started_at timestamptz, p_is_polling boolean, p_details jsonb) returns void
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into durabase_private.workers (id, task_queue, started_at, seen_at, is_polling, details)
    values (p_worker, p_task_queue, p_started_at, clock_timestamp(), p_is_polling, p_details)
    on conflict (id) do update set seen_at = excluded.seen_at, is_polling = excluded.is_polling, details = excluded.details;
  delete from durabase_private.workers w where w.seen_at < clock_timestamp() - interval '1 hour';
end $$;

revoke execute on function durabase_private.note_drift(text, durabase.task_runs, text, text, text, boolean, text),
  durabase_private.fitting_states(text), durabase_private.reconcile_one(jsonb), durabase_private.reconcile(jsonb),
  durabase_private.list_open_runs(uuid, int, int), durabase_private.lose_run(uuid, text), durabase_private.flag_run(uuid, text),
  durabase_private.adopt_execution(jsonb), durabase_private.hold_lease(text, text, int, jsonb), durabase_private.leave_lease(text, text),
  durabase_private.beat(text, text, timestamptz, boolean, jsonb) from public;
grant execute on function durabase_private.reconcile(jsonb), durabase_private.list_open_runs(uuid, int, int), durabase_private.lose_run(uuid, text),
  durabase_private.flag_run(uuid, text), durabase_private.adopt_execution(jsonb), durabase_private.hold_lease(text, text, int, jsonb),
  durabase_private.leave_lease(text, text), durabase_private.beat(text, text, timestamptz, boolean, jsonb) to durabase_engine;
