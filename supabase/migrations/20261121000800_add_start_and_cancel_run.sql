-- Accepting a run, and wishing for its end.

-- Writes an accepted run: the row, its first event, its place in the queue, its audit row. No checks: those stand before.
create function durabase_private.accept_run(
  p_actor durabase_private.actor, p_id uuid, p_task durabase.tasks, p_input jsonb, p_run_at timestamptz, p_priority int,
  p_key text, p_source text, p_workflow_id text, p_is_waiting_in_temporal boolean
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
    idempotency_key, workflow_id, run_at, expires_at, event_seq, created_at, updated_at
  ) values (
    p_id, p_task.workspace_id, p_task.id, v_version.id, case when p_run_at > v_now then 'scheduled' else 'queued' end,
    v_version.mode, coalesce(p_priority, v_version.priority), p_input, p_source, p_actor.kind, p_actor.user_id, p_actor.name,
    p_key, p_workflow_id, coalesce(p_run_at, v_now), greatest(p_run_at, v_now) + v_version.ttl, 1, v_now, v_now
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

create function durabase_private.start_run(
  p_task text, p_input jsonb, p_workspace uuid, p_idempotency_key text, p_run_at timestamptz, p_priority int
) returns durabase.task_runs
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_task durabase.tasks := durabase_private.find_task(v_actor, p_task, p_workspace, 'run');
  v_input jsonb := coalesce(p_input, '{}');
  v_hash bytea;
  v_id uuid := durabase_private.uuid_v7();
  v_known record;
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

  -- GUARD: the same key gives the same run, for good
  if p_idempotency_key is not null then
    v_hash := sha256(convert_to(v_task.id || '|' || v_input::text || '|' || coalesce(extract(epoch from p_run_at)::text, '') || '|' || coalesce(p_priority::text, ''), 'utf8'));
    insert into durabase_private.idempotency_keys (workspace_id, key, body_hash, run_id)
      values (v_task.workspace_id, p_idempotency_key, v_hash, v_id) on conflict do nothing;
    if not found then
      select k.body_hash, k.run_id into v_known from durabase_private.idempotency_keys k
        where k.workspace_id = v_task.workspace_id and k.key = p_idempotency_key;
      select * into v_run from durabase.task_runs r where r.id = v_known.run_id;
      if v_known.body_hash <> v_hash or v_run.id is null
        or (v_actor.kind = 'user' and v_run.actor_user_id is distinct from v_actor.user_id
            and not durabase_private.has_right(v_actor, 'edit', v_run.workspace_id, v_run.task_id)) then
        perform durabase_private.refuse(409, 'IDEMPOTENCY_CONFLICT', 'this idempotency key was used with another body',
          'use a new key for a new run', 'idempotency_key');
      end if;
      return v_run;
    end if;
  end if;

  -- MUTATE
  return durabase_private.accept_run(v_actor, v_id, v_task, v_input, p_run_at, p_priority, p_idempotency_key, 'call', 'run-' || v_id, false);
end $$;

-- Starts a run of a task (slug or id). The commit of the caller's transaction is the acknowledgement.
--   workspace        default: the one where the caller sees a task of this name
--   idempotency_key  the same key with the same body returns the same run; with another body it is refused (409)
--   run_at           not before this time
--   priority         1 (first) to 5 (last); default: the task's
create function durabase.start_run(
  task text, input jsonb default '{}', workspace uuid default null, idempotency_key text default null,
  run_at timestamptz default null, priority int default null
) returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.start_run(task, input, workspace, idempotency_key, run_at, priority);
end $$;

-- Several submissions in one statement, each as its own caller and each refused by itself: the API coalesces what waits.
-- calls: [{"role", "claims", "task", "input", "workspace", "idempotencyKey", "runAt", "priority"}]
-- returns, in their order: {"run": …} or {"error": {"sqlstate", "message", "detail", "hint"}}
create function durabase_private.start_runs_as(p_calls jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_call jsonb;
  v_results jsonb[] := '{}';
  v_message text; v_detail text; v_hint text; v_state text;
begin
  for v_call in select c from jsonb_array_elements(p_calls) c loop
    begin
      if coalesce(v_call ->> 'role', '') not in ('authenticated', 'service_role') then
        perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'no such role for callers');
      end if;
      perform set_config('role', v_call ->> 'role', true), set_config('request.jwt.claims', v_call ->> 'claims', true);
      v_results := v_results || jsonb_build_object('run', to_jsonb(durabase.start_run(
        v_call ->> 'task', v_call -> 'input', (v_call ->> 'workspace')::uuid, v_call ->> 'idempotencyKey',
        (v_call ->> 'runAt')::timestamptz, (v_call ->> 'priority')::int)));
    exception when others then
      get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_results := v_results || jsonb_build_object('error',
        jsonb_build_object('sqlstate', v_state, 'message', v_message, 'detail', v_detail, 'hint', v_hint));
    end;
    perform set_config('role', 'none', true), set_config('request.jwt.claims', '', true);
  end loop;
  return to_jsonb(v_results);
end $$;

-- Ends a run that is not open: the queue forgets it. The caller holds the row.
create function durabase_private.end_unopened_run(p_run durabase.task_runs, p_state text, p_error jsonb) returns durabase.task_runs
language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  update durabase.task_runs set state = p_state, error = p_error, reason = null, finished_at = clock_timestamp(),
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run.id returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.' || p_state, p_data => p_error);
  perform durabase_private.tell_feeds(v_run);
  return v_run;
end $$;

create function durabase_private.cancel_run(p_run uuid, p_reason text) returns durabase.task_runs
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
  if v_run.id is null or not (
    durabase_private.has_right(v_actor, 'view', v_run.workspace_id, v_run.task_id)
  ) or (v_actor.kind = 'user' and v_run.actor_user_id is distinct from v_actor.user_id
        and not durabase_private.sees_all_runs(v_actor, v_run.workspace_id, v_run.task_id)) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', null, 'run');
  end if;
  if v_actor.kind = 'user' and not durabase_private.has_right(v_actor, 'admin', v_run.workspace_id, v_run.task_id)
    and not (v_run.actor_user_id is not distinct from v_actor.user_id
             and durabase_private.has_right(v_actor, 'run', v_run.workspace_id, v_run.task_id)) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may cancel runs that you started; admins may cancel any', 'ask an admin of the workspace');
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

-- Whether the actor sees everybody's runs of this task: all members but runners, and those with whom the task is shared.
create function durabase_private.sees_all_runs(p_actor durabase_private.actor, p_workspace uuid, p_task uuid) returns boolean
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
begin
  return p_actor.is_privileged
    or exists (
      select from durabase.workspaces w where w.id = p_workspace and w.deleted_at is null and (
        exists (select from durabase.workspace_members m where m.workspace_id = w.id and m.user_id = p_actor.user_id and m.role <> 'runner')
        or exists (select from durabase.task_permissions p where p.task_id = p_task and p.user_id = p_actor.user_id and p.can_view)))
    or exists (select from durabase.instance_admins a where a.user_id = p_actor.user_id);
end $$;

-- Asks a run to end. It ends as `cancelled` as soon as its steps have cleaned up; a run that has not started ends at once.
create function durabase.cancel_run(run uuid, reason text default null) returns durabase.task_runs
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.cancel_run(run, reason);
end $$;

revoke execute on function
  durabase_private.accept_run(durabase_private.actor, uuid, durabase.tasks, jsonb, timestamptz, int, text, text, text, boolean),
  durabase_private.start_run(text, jsonb, uuid, text, timestamptz, int), durabase.start_run(text, jsonb, uuid, text, timestamptz, int),
  durabase_private.start_runs_as(jsonb), durabase_private.end_unopened_run(durabase.task_runs, text, jsonb),
  durabase_private.cancel_run(uuid, text), durabase.cancel_run(uuid, text),
  durabase_private.sees_all_runs(durabase_private.actor, uuid, uuid) from public;
grant execute on function durabase_private.start_run(text, jsonb, uuid, text, timestamptz, int),
  durabase.start_run(text, jsonb, uuid, text, timestamptz, int),
  durabase_private.cancel_run(uuid, text), durabase.cancel_run(uuid, text) to authenticated, service_role;
grant execute on function durabase_private.start_runs_as(jsonb) to durabase_gateway;
