-- What people do to runs and waits: events, completion from outside, pause and resume, and runs made from other runs.

-- Whether the actor may do to a run what its starter and the admins of its workspace may; refuses otherwise.
create function durabase_private.find_own_run(p_actor durabase_private.actor, p_run uuid, p_verb text) returns durabase.task_runs
-- definer: looks at runs before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_run from durabase.task_runs r where r.id = p_run for update;
  if v_run.id is null or not durabase_private.has_right(p_actor, 'view', v_run.workspace_id, v_run.task_id)
    or (p_actor.kind = 'user' and v_run.actor_user_id is distinct from p_actor.user_id
        and not durabase_private.sees_all_runs(p_actor, v_run.workspace_id, v_run.task_id)) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', null, 'run');
  end if;
  if p_actor.kind = 'user' and not durabase_private.has_right(p_actor, 'admin', v_run.workspace_id, v_run.task_id)
    and not (v_run.actor_user_id is not distinct from p_actor.user_id
             and durabase_private.has_right(p_actor, 'run', v_run.workspace_id, v_run.task_id)) then
    perform durabase_private.refuse(403, 'FORBIDDEN', format('you may %s runs that you started; admins may %s any', p_verb, p_verb),
      'ask an admin of the workspace');
  end if;
  return v_run;
end $$;

-- ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.emit_event(p_name text, p_data jsonb, p_workspace uuid, p_key text) returns durabase.events
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.find_workspace(v_actor, p_workspace);
  v_event durabase.events;
begin
  if not durabase_private.has_right(v_actor, 'run', v_workspace) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may not emit events in this workspace', 'ask an admin of the workspace for the role runner');
  end if;
  if p_name is null or p_name !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,126}$' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the name of an event is 1 to 127 letters, digits and . _ : / -', 'write for example order.paid', 'name');
  end if;
  if jsonb_typeof(coalesce(p_data, '{}')) <> 'object' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the data of an event is a JSON object', null, 'data');
  end if;
  if octet_length(p_data::text) > 262144 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'the data of an event may have at most 256 KiB', 'store it elsewhere and pass its address', 'data');
  end if;
  if length(p_key) not between 1 and 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'an idempotency key has 1 to 200 characters', null, 'idempotency_key');
  end if;
  insert into durabase.events (workspace_id, name, data, idempotency_key, actor_kind, actor_user_id, actor_name)
    values (v_workspace, p_name, coalesce(p_data, '{}'), p_key, v_actor.kind, v_actor.user_id, v_actor.name)
    on conflict (workspace_id, idempotency_key) where idempotency_key is not null do nothing returning * into v_event;
  if v_event.id is null then
    select * into v_event from durabase.events e where e.workspace_id = v_workspace and e.idempotency_key = p_key;
    if v_event.name <> p_name or v_event.data <> coalesce(p_data, '{}')
      or (v_actor.kind = 'user' and v_event.actor_user_id is distinct from v_actor.user_id
          and not durabase_private.sees_all_runs(v_actor, v_workspace, null)) then -- nobody reads by a key what he may not see
      perform durabase_private.refuse(409, 'IDEMPOTENCY_CONFLICT', 'this idempotency key was used with another event', 'use a new key for a new event', 'idempotency_key');
    end if;
    return v_event;
  end if;
  insert into durabase_private.deeds (kind, other_id) values ('event', v_event.id);
  insert into durabase_private.feed_inbox (workspace_id, user_id, kind, entity_id, version, state)
    values (v_workspace, v_actor.user_id, 'event', v_event.id::text, 1, v_event.name);
  perform durabase_private.audit(v_actor, v_workspace, 'event.emitted', 'event', v_event.id::text, jsonb_build_object('name', p_name));
  return v_event;
end $$;

-- Tells that something happened in the app. Steps that wait for it go on. The same idempotency_key makes one event.
create function durabase.emit_event(name text, data jsonb default '{}', workspace uuid default null, idempotency_key text default null)
returns durabase.events language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.emit_event(name, data, workspace, idempotency_key);
end $$;

-- ── Completion from outside ───────────────────────────────────────────────────────────────────────────────────────────

-- Ends an external step; the caller has been checked and holds the run's row.
create function durabase_private.end_external_step(
  p_actor durabase_private.actor, p_run durabase.task_runs, p_step text, p_iteration int, p_output jsonb, p_error text
) returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  v_step durabase.run_steps;
begin
  if octet_length(p_output::text) > 1048576 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'the output may have at most 1 MiB', 'store it elsewhere and pass its address', 'output');
  end if;
  select * into v_step from durabase.run_steps s
    where s.run_id = p_run.id and s.step_id = p_step and s.iteration = p_iteration and s.action = 'external';
  if v_step.run_id is null then
    perform durabase_private.refuse(404, 'STEP_NOT_FOUND', format('the run has no external step %s under way', to_json(left(coalesce(p_step, ''), 100))),
      'look at its row in run_steps', 'step');
  end if;
  if not durabase_private.end_waiting_step(p_run, p_step, p_iteration, case when p_error is null then 'completed' else 'failed' end,
    case when p_error is null then coalesce(p_output, 'null') end,
    case when p_error is not null then jsonb_build_object('code', 'STEP_FAILED', 'message', left(p_error, 2000), 'stepId', p_step) end) then
    perform durabase_private.refuse(409, 'STEP_FINISHED', format('the step has already ended: %s', v_step.state), 'the first word stands', 'step');
  end if;
  perform durabase_private.audit(p_actor, p_run.workspace_id, 'step.' || case when p_error is null then 'completed' else 'failed' end,
    'run', p_run.id::text, jsonb_build_object('step', p_step, 'iteration', p_iteration));
  return jsonb_build_object('runId', p_run.id, 'stepId', p_step, 'iteration', p_iteration, 'state', case when p_error is null then 'completed' else 'failed' end);
end $$;

create function durabase_private.end_step_as_caller(p_run uuid, p_step text, p_iteration int, p_output jsonb, p_error text) returns jsonb
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  return durabase_private.end_external_step(v_actor, durabase_private.find_own_run(v_actor, p_run, 'complete steps of'),
    p_step, coalesce(p_iteration, 0), p_output, p_error);
end $$;

-- Ends an external step well, with an output that later steps read.
create function durabase.complete_step(run uuid, step text, output jsonb default null, iteration int default 0) returns jsonb
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.end_step_as_caller(run, step, iteration, output, null);
end $$;

-- Ends an external step badly.
create function durabase.fail_step(run uuid, step text, message text, iteration int default 0) returns jsonb
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.end_step_as_caller(run, step, iteration, null, coalesce(message, 'failed'));
end $$;

create function durabase_private.step_token(p_run uuid, p_step text, p_iteration int) returns text
-- definer: tokens are internal; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_run durabase.task_runs := durabase_private.find_own_run(v_actor, p_run, 'give out tokens for');
  v_token text := 'dbt_' || translate(rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '='), '+/', '-_');
begin
  if not exists (select from durabase.run_steps s where s.run_id = p_run and s.step_id = p_step and s.iteration = coalesce(p_iteration, 0)
    and s.action = 'external' and s.state = 'waiting') then
    perform durabase_private.refuse(404, 'STEP_NOT_FOUND', 'the run has no such external step that waits', 'ask when the step is waiting', 'step');
  end if;
  insert into durabase_private.input_tokens (hash, run_id, step_id, iteration)
    values (sha256(convert_to(v_token, 'UTF8')), p_run, p_step, coalesce(p_iteration, 0));
  perform durabase_private.audit(v_actor, v_run.workspace_id, 'step.token-given', 'run', p_run::text,
    jsonb_build_object('step', p_step, 'iteration', coalesce(p_iteration, 0)));
  return v_token;
end $$;

-- A token with which anybody can end this external step, once. Only its hash is kept: give it to the other side at once.
create function durabase.step_token(run uuid, step text, iteration int default 0) returns text
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.step_token(run, step, iteration);
end $$;

create function durabase_private.end_step_by_token(p_token text, p_output jsonb, p_error text) returns jsonb
-- definer: whoever has the token may, whoever he is
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_token durabase_private.input_tokens;
  v_run durabase.task_runs;
begin
  select * into v_token from durabase_private.input_tokens t where t.hash = sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
  select * into v_run from durabase.task_runs r where r.id = v_token.run_id for update;
  -- wrong, spent and too late are answered alike: a token says nothing of what it was for
  if v_run.id is null or v_run.finished_at is not null or not exists (
    select from durabase.run_steps s where s.run_id = v_run.id and s.step_id = v_token.step_id and s.iteration = v_token.iteration
      and s.action = 'external' and s.state = 'waiting') then
    perform durabase_private.refuse(404, 'STEP_NOT_FOUND', 'no step waits for this token', 'it is wrong or spent, or its run has ended', 'token');
  end if;
  return durabase_private.end_external_step(('token', null, 'bearer of a step token', false)::durabase_private.actor,
    v_run, v_token.step_id, v_token.iteration, p_output, p_error);
end $$;

-- Ends the external step that the token was given out for: well, or with `error` badly. A token works once.
create function durabase.end_step_by_token(token text, output jsonb default null, error text default null) returns jsonb
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.end_step_by_token(token, output, error);
end $$;

-- ── Pause and resume ──────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.set_pause(p_run uuid, p_is_paused boolean, p_reason text) returns durabase.task_runs
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_verb text := case when p_is_paused then 'pause' else 'resume' end;
  v_queued durabase_private.run_queue;
  v_is_held boolean;
  v_run durabase.task_runs;
begin
  select * into v_queued from durabase_private.run_queue q where q.run_id = p_run for update; -- the queue before the run, as everywhere
  v_run := durabase_private.find_own_run(v_actor, p_run, v_verb);
  if length(p_reason) > 1000 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a reason has at most 1,000 characters', null, 'reason');
  end if;
  if v_run.finished_at is not null then
    perform durabase_private.refuse(409, 'RUN_FINISHED', format('the run has already ended: %s', v_run.state), null, 'run');
  end if;
  if (v_run.pause_requested_at is not null) = p_is_paused then return v_run; end if;
  update durabase.task_runs set pause_requested_at = case when p_is_paused then clock_timestamp() end,
      pause_reason = case when p_is_paused then p_reason end, event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run;
  v_is_held := v_queued.run_id is not null and v_queued.admitted_at is null;
  if v_is_held then
    -- the queue holds it; a permit that was freed for it goes to the next one
    update durabase_private.run_queue set ready_at = case when p_is_paused then 'infinity' else v_run.run_at end, blocked_key = null
      where run_id = p_run;
    if p_is_paused and v_queued.blocked_key is null then
      perform durabase_private.unblock_next(l ->> 'key', 1) from jsonb_array_elements(v_queued.limits) l;
    end if;
    update durabase.task_runs set
        state = case when p_is_paused then 'paused' when run_at > clock_timestamp() then 'scheduled' else 'queued' end,
        reason = case when p_is_paused then jsonb_strip_nulls(jsonb_build_object('code', 'PAUSED', 'message', 'paused' || coalesce(': ' || p_reason, ''))) end
      where id = p_run;
  elsif v_run.started_at is not null then
    update durabase.task_runs set state = durabase_private.derive_state(p_run), reason = durabase_private.derive_reason(p_run) where id = p_run;
  end if;
  select * into v_run from durabase.task_runs r where r.id = p_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.' || v_verb || 'd',
    p_data => jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'by', v_actor.name)));
  if v_run.started_at is not null and not v_is_held then perform durabase_private.wish_wake(v_run); end if; -- else its opening reads it
  perform durabase_private.tell_feeds(v_run);
  perform durabase_private.audit(v_actor, v_run.workspace_id, 'run.' || v_verb || 'd', 'run', p_run::text, jsonb_strip_nulls(jsonb_build_object('reason', p_reason)));
  return v_run;
end $$;

-- Holds a run before its next step. What is under way ends; deadlines go on.
create function durabase.pause_run(run uuid, reason text default null) returns durabase.task_runs
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.set_pause(run, true, reason);
end $$;

-- Lets a paused run go on.
create function durabase.resume_run(run uuid) returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.set_pause(run, false, null);
end $$;

-- ── Runs made from other runs ─────────────────────────────────────────────────────────────────────────────────────────

-- Every step of the plan but `p_from` and those that need it, directly or not.
create function durabase_private.steps_before(p_plan jsonb, p_from text) returns text[] language sql immutable set search_path = '' as $$
  with recursive steps as (
    select s ->> 'id' as id, array(select jsonb_array_elements_text(s -> 'needs')) as needs from jsonb_array_elements(p_plan -> 'steps') s
  ), behind as (
    select p_from as id
    union
    select s.id from steps s join behind b on b.id = any (s.needs)
  )
  select coalesce(array_agg(s.id), '{}') from steps s where s.id not in (select b.id from behind b)
$$;

-- The rows that stand for these steps: of a loop its own.
create function durabase_private.kept_rows(p_run uuid, p_steps text[]) returns setof durabase.run_steps
language sql stable set search_path = '' as $$
  select distinct on (s.step_id) s.* from durabase.run_steps s
  where s.run_id = p_run and s.step_id = any (p_steps) and s.iteration in (-1, 0) order by s.step_id, s.iteration
$$;

-- Copies what is kept of a run into one that is made from it, as steps of epoch 0: done before it began.
create function durabase_private.keep_steps(p_from uuid, p_to durabase.task_runs, p_steps text[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body)
    select distinct on (p.sha256) p.workspace_id, p_to.id, p.sha256, p.byte_count, p.body
    from durabase_private.kept_rows(p_from, p_steps) s
      join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = p_from;
  insert into durabase.run_steps (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, skip_reason, input, output, output_ref, started_at, finished_at)
    select p_to.id, s.step_id, s.iteration, s.workspace_id, s.name, s.action, s.state, 0, s.attempt, s.skip_reason, s.input, s.output,
      case when s.output_ref is not null then s.output_ref || jsonb_build_object('payload', (
        select p.id from durabase_private.payloads p where p.run_id = p_to.id and p.sha256 = s.output_ref ->> 'sha256')) end,
      s.started_at, s.finished_at
    from durabase_private.kept_rows(p_from, p_steps) s;
end $$;

-- Refuses to keep steps that were undone, whose output is gone, or that are something else in the plan of the new run.
create function durabase_private.check_kept(p_run uuid, p_steps text[], p_plan jsonb, p_old_plan jsonb) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_step text;
begin
  select s.step_id into v_step from durabase.run_steps s
    where s.run_id = p_run and s.state = 'completed' and s.step_id = any (select k || ':undo' from unnest(p_steps) k) order by 1 limit 1;
  if v_step is not null then
    perform durabase_private.refuse(409, 'STEP_NOT_KEPT', format('what %s did was undone when the run failed', to_json(split_part(v_step, ':', 1))),
      'start the task again', 'from_step');
  end if;
  select s.step_id into v_step from durabase_private.kept_rows(p_run, p_steps) s
    where s.output_ref is not null and not exists (
      select from durabase_private.payloads p where p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = p_run) order by 1 limit 1;
  if v_step is not null then
    perform durabase_private.refuse(409, 'STEP_NOT_KEPT', format('the output of the step %s is no longer stored', to_json(v_step)),
      'fork from that step, or from one before it', 'from_step');
  end if;
  select k into v_step from unnest(p_steps) k
    where (select (s ->> 'action') || (s ? 'forEach')::text from jsonb_array_elements(p_plan -> 'steps') s where s ->> 'id' = k)
      is distinct from (select (s ->> 'action') || (s ? 'forEach')::text from jsonb_array_elements(p_old_plan -> 'steps') s where s ->> 'id' = k)
    order by 1 limit 1;
  if v_step is not null then
    perform durabase_private.refuse(409, 'STEP_NOT_KEPT', format('the step %s is another action in the newest version', to_json(v_step)),
      'fork from that step, or on the same version', 'version');
  end if;
end $$;

-- p_kind fork | retry | rerun. Rights are those of whoever asks; effect keys are fresh, because the run is another one.
create function durabase_private.make_run(
  p_run uuid, p_kind text, p_from_step text, p_input jsonb, p_version text, p_priority int, p_key text default null
) returns durabase.task_runs
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_from durabase.task_runs;
  v_task durabase.tasks;
  v_plan jsonb;
  v_old_plan jsonb;
  v_keep text[] := '{}';
  v_done jsonb;
  v_missing text;
  v_step text := p_from_step;
  v_id uuid := durabase_private.uuid_v7();
  v_known durabase_private.idempotency_keys;
  v_hash bytea;
  v_new durabase.task_runs;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_from from durabase.task_runs r where r.id = p_run for share; -- what is copied stays as it is meanwhile
  if v_from.id is null or not (durabase_private.sees_all_runs(v_actor, v_from.workspace_id, v_from.task_id)
    or (v_actor.kind = 'user' and v_from.actor_user_id = v_actor.user_id and durabase_private.has_right(v_actor, 'view', v_from.workspace_id, v_from.task_id))) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', null, 'run');
  end if;
  if v_from.finished_at is null then
    perform durabase_private.refuse(409, 'RUN_NOT_FINISHED', format('the run is %s', v_from.state), 'wait for its end, or cancel it', 'run');
  end if;
  if p_kind = 'retry' and v_from.state not in ('failed', 'timed_out', 'cancelled', 'expired') then
    perform durabase_private.refuse(409, 'RUN_FINISHED', format('the run ended as %s: there is nothing to retry', v_from.state), 'fork it from a step, or start it again', 'run');
  end if;
  v_task := durabase_private.find_task(v_actor, v_from.task_id::text, v_from.workspace_id, 'run');
  if p_kind is null or p_kind not in ('fork', 'retry', 'rerun') then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a run is made by fork, retry or rerun', null, 'kind');
  end if;
  if coalesce(p_version, 'same') not in ('same', 'newest') then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'version is "same" or "newest"', null, 'version');
  end if;
  if octet_length(p_input::text) > 1048576 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'the input may have at most 1 MiB', 'store it elsewhere and pass its address', 'input');
  end if;
  if length(p_key) not between 1 and 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'an idempotency key has 1 to 200 characters', null, 'idempotency_key');
  end if;
  -- GUARD: as in start_run, the same key gives the same run, for good
  if p_key is not null then
    v_hash := sha256(convert_to(concat_ws('|', p_kind, p_run, coalesce(p_from_step, ''), coalesce(p_version, ''),
      coalesce(p_priority::text, ''), coalesce(p_input::text, '')), 'utf8'));
    insert into durabase_private.idempotency_keys (workspace_id, key, body_hash, run_id)
      values (v_task.workspace_id, p_key, v_hash, v_id) on conflict do nothing;
    if not found then
      select * into v_known from durabase_private.idempotency_keys k where k.workspace_id = v_task.workspace_id and k.key = p_key;
      select * into v_new from durabase.task_runs r where r.id = v_known.run_id;
      if v_known.body_hash <> v_hash or v_new.id is null
        or (v_actor.kind = 'user' and v_new.actor_user_id is distinct from v_actor.user_id
            and not durabase_private.has_right(v_actor, 'edit', v_new.workspace_id, v_new.task_id)) then
        perform durabase_private.refuse(409, 'IDEMPOTENCY_CONFLICT', 'this idempotency key was used with another body',
          'use a new key for a new run', 'idempotency_key');
      end if;
      return v_new;
    end if;
  end if;
  if coalesce(p_version, 'same') = 'same' then v_task.ready_version_id := v_from.version_id; end if;
  select v.plan into v_plan from durabase.task_versions v where v.id = v_task.ready_version_id;
  select v.plan into v_old_plan from durabase.task_versions v where v.id = v_from.version_id;

  if p_kind = 'retry' then
    -- all that is done is kept; a step counts as done with its loop
    v_keep := array(select key from jsonb_each(durabase_private.done_steps(p_run, 0)) where key !~ ':undo$');
  elsif v_step is not null then
    if not exists (select from jsonb_array_elements(v_plan -> 'steps') s where s ->> 'id' = v_step) then
      perform durabase_private.refuse(404, 'STEP_NOT_FOUND', format('the plan has no step %s', to_json(v_step)),
        'one of ' || (select string_agg(s ->> 'id', ', ') from jsonb_array_elements(v_plan -> 'steps') s), 'from_step');
    end if;
    v_keep := durabase_private.steps_before(v_plan, v_step);
    v_done := durabase_private.done_steps(p_run, 0);
    select k into v_missing from unnest(v_keep) k where not v_done ? k order by 1 limit 1;
    if v_missing is not null then
      perform durabase_private.refuse(409, 'STEP_NOT_KEPT', format('the step %s did not come to its end in that run', to_json(v_missing)),
        'fork from that step, or from one before it', 'from_step');
    end if;
  end if;
  perform durabase_private.check_kept(p_run, v_keep, v_plan, v_old_plan);
  if p_input is not null and v_keep <> '{}' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'what is kept was made with the old input', 'leave out the input, or run all steps again', 'input');
  end if;

  v_new := durabase_private.accept_run(v_actor, v_id, v_task, coalesce(p_input, v_from.input), null,
    coalesce(p_priority, v_from.priority), p_key, 'call', 'run-' || v_id, false);
  perform durabase_private.keep_steps(p_run, v_new, v_keep);
  insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id) values (v_new.id, p_run, v_new.workspace_id, p_kind, v_step);
  return v_new;
end $$;

-- Runs a failed run again: what is done is kept, what failed and what comes after it is taken again.
--   idempotency_key  as in start_run: the same key gives the same run
create function durabase.retry_run(run uuid, idempotency_key text default null) returns durabase.task_runs
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.make_run(run, 'retry', null, null, 'same', null, idempotency_key);
end $$;

-- Runs the task again with the input of that run, or another one.
--   version  'same' as that run, or the 'newest' ready one
create function durabase.rerun(run uuid, input jsonb default null, version text default 'newest', idempotency_key text default null)
returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.make_run(run, 'rerun', null, input, coalesce(version, 'newest'), null, idempotency_key);
end $$;

-- A new run that keeps the outputs of all steps that do not need `from_step`, and takes that one and those behind it again.
create function durabase.fork_run(run uuid, from_step text, version text default 'same', idempotency_key text default null)
returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
begin
  if from_step is null then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the step to begin with is missing', 'use rerun for all of them', 'from_step');
  end if;
  return durabase_private.make_run(run, 'fork', from_step, null, version, null, idempotency_key);
end $$;

-- Taken first by whoever goes through several runs in one transaction: the queue before the runs, as everywhere.
create function durabase_private.hold_queue(p_runs uuid[]) returns void
-- definer: callers have no rights on internal tables; of runs that they do not see nothing is held
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  perform q.run_id from durabase_private.run_queue q join durabase.task_runs r on r.id = q.run_id
    where q.run_id = any (p_runs) and durabase_private.has_right(v_actor, 'view', r.workspace_id, r.task_id)
    order by q.run_id for update of q;
end $$;

-- The ids of the runs that a filter means, for for_runs: of those that the caller sees, oldest first. Put together from the
-- conditions that there are, so that an index answers.
create function durabase_private.find_runs(p_filter jsonb, p_limit int) returns uuid[]
language plpgsql stable set search_path = '' as $$
declare
  v_fields constant text[] := '{workspace,task,states,runIds,createdAfter,createdBefore,afterRunId}';
  v_after record;
  v_ids uuid[];
begin
  if jsonb_typeof(p_filter) is distinct from 'object' or p_filter - 'afterRunId' = '{}' or not v_fields @> array(select jsonb_object_keys(p_filter)) then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the filter is empty or has a field that is not known',
      'workspace, task, states, runIds, createdAfter, createdBefore, and afterRunId to go on', 'filter');
  end if;
  select r.created_at, r.id into v_after from durabase.task_runs r where r.id = (p_filter ->> 'afterRunId')::uuid;
  if p_filter ? 'afterRunId' and v_after.id is null then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'afterRunId is no run that is visible to you', 'give lastRunId of the answer before', 'filter.afterRunId');
  end if;
  execute 'select array(select r.id from durabase.task_runs r where ' || concat_ws(' and ',
      case when p_filter ? 'workspace' then 'r.workspace_id = $1' end,
      case when p_filter ? 'task' then 'r.task_id = any ($2)' end,
      case when p_filter ? 'states' then 'r.state = any ($3)' end,
      case when p_filter ? 'runIds' then 'r.id = any ($4)' end,
      case when p_filter ? 'createdAfter' then 'r.created_at > $5' end,
      case when p_filter ? 'createdBefore' then 'r.created_at < $6' end,
      case when p_filter ? 'afterRunId' then '(r.created_at, r.id) > ($7, $8)' end) || ' order by r.created_at, r.id limit $9)'
    into v_ids
    using (p_filter ->> 'workspace')::uuid,
      array(select t.id from durabase.tasks t where t.id::text = p_filter ->> 'task' or t.slug = p_filter ->> 'task'),
      array(select jsonb_array_elements_text(p_filter -> 'states')), array(select jsonb_array_elements_text(p_filter -> 'runIds')::uuid),
      (p_filter ->> 'createdAfter')::timestamptz, (p_filter ->> 'createdBefore')::timestamptz, v_after.created_at, v_after.id, p_limit;
  return v_ids;
exception when data_exception then
  perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a field of the filter has a wrong value: ' || sqlerrm,
    'states and runIds are lists, ids are uuids, times are ISO 8601', 'filter');
  return null;
end $$;

-- One operation on many runs, each in the transaction of the call and refused by itself.
--   operation  cancel | pause | resume | retry | rerun | fork
--   filter     {"workspace", "task", "states": [], "runIds": [], "createdAfter", "createdBefore", "afterRunId"}
--   options    {"reason", "fromStep", "version"}
--   max_runs   at most so many now, 1,000 in one call; 0: they are only counted
-- returns {"done": [{"runId", "newRunId"}], "refused": [{"runId", "code", "message"}], "matchCount", "isMatchCountExact",
-- "remainingCount", "hasMore", "lastRunId"}; with more, call again with lastRunId as afterRunId: what has been retried still
-- fits the filter. Runs are counted to 10,000.
create function durabase.for_runs(operation text, filter jsonb, options jsonb default '{}', max_runs int default 100) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_limit int := least(greatest(coalesce(max_runs, 100), 0), 1000);
  v_ids uuid[];
  v_count int;
  v_run uuid;
  v_new durabase.task_runs;
  v_done jsonb := '[]';
  v_refused jsonb := '[]';
  v_message text; v_detail text;
begin
  if operation is null or operation not in ('cancel', 'pause', 'resume', 'retry', 'rerun', 'fork') then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the operation is cancel, pause, resume, retry, rerun or fork', null, 'operation');
  end if;
  if jsonb_typeof(coalesce(options, '{}')) <> 'object' or options - '{reason,fromStep,version}'::text[] <> '{}' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the options have a field that is not known', 'reason, fromStep, version', 'options');
  end if;
  v_ids := durabase_private.find_runs(filter, 10001);
  v_count := cardinality(v_ids);
  perform durabase_private.hold_queue(v_ids[1:v_limit]);
  for v_run in select u.id from unnest(v_ids[1:v_limit]) u (id) order by u.id loop -- LOCK: by their ids, as everywhere
    begin
      v_new := case operation
        when 'cancel' then durabase.cancel_run(v_run, options ->> 'reason')
        when 'pause' then durabase.pause_run(v_run, options ->> 'reason')
        when 'resume' then durabase.resume_run(v_run)
        when 'retry' then durabase.retry_run(v_run)
        when 'rerun' then durabase.rerun(v_run, null, options ->> 'version')
        else durabase.fork_run(v_run, options ->> 'fromStep', options ->> 'version') end;
      v_done := v_done || jsonb_strip_nulls(jsonb_build_object('runId', v_run, 'newRunId', case when v_new.id <> v_run then v_new.id end));
    exception when others then
      get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
      if sqlstate not like 'PT4%' then raise; end if;
      v_refused := v_refused || jsonb_build_object('runId', v_run, 'code', v_detail::jsonb ->> 'code', 'message', v_message);
    end;
  end loop;
  return jsonb_build_object('done', v_done, 'refused', v_refused, 'matchCount', least(v_count, 10000),
    'isMatchCountExact', v_count <= 10000, 'remainingCount', greatest(least(v_count, 10000) - v_limit, 0), 'hasMore', v_count > v_limit,
    'lastRunId', v_ids[least(v_limit, v_count)]);
end $$;

revoke execute on function durabase_private.find_own_run(durabase_private.actor, uuid, text),
  durabase_private.emit_event(text, jsonb, uuid, text), durabase.emit_event(text, jsonb, uuid, text),
  durabase_private.end_external_step(durabase_private.actor, durabase.task_runs, text, int, jsonb, text),
  durabase_private.end_step_as_caller(uuid, text, int, jsonb, text), durabase.complete_step(uuid, text, jsonb, int),
  durabase.fail_step(uuid, text, text, int), durabase_private.step_token(uuid, text, int), durabase.step_token(uuid, text, int),
  durabase_private.end_step_by_token(text, jsonb, text), durabase.end_step_by_token(text, jsonb, text),
  durabase_private.set_pause(uuid, boolean, text), durabase.pause_run(uuid, text), durabase.resume_run(uuid),
  durabase_private.steps_before(jsonb, text), durabase_private.kept_rows(uuid, text[]),
  durabase_private.keep_steps(uuid, durabase.task_runs, text[]), durabase_private.check_kept(uuid, text[], jsonb, jsonb),
  durabase_private.hold_queue(uuid[]), durabase_private.find_runs(jsonb, int),
  durabase_private.make_run(uuid, text, text, jsonb, text, int, text), durabase.retry_run(uuid, text), durabase.rerun(uuid, jsonb, text, text),
  durabase.fork_run(uuid, text, text, text), durabase.for_runs(text, jsonb, jsonb, int) from public;
grant execute on function durabase_private.emit_event(text, jsonb, uuid, text), durabase.emit_event(text, jsonb, uuid, text),
  durabase_private.end_step_as_caller(uuid, text, int, jsonb, text), durabase.complete_step(uuid, text, jsonb, int),
  durabase.fail_step(uuid, text, text, int), durabase_private.step_token(uuid, text, int), durabase.step_token(uuid, text, int),
  durabase_private.set_pause(uuid, boolean, text), durabase.pause_run(uuid, text), durabase.resume_run(uuid),
  durabase_private.make_run(uuid, text, text, jsonb, text, int, text), durabase.retry_run(uuid, text), durabase.rerun(uuid, jsonb, text, text),
  durabase.fork_run(uuid, text, text, text), durabase_private.hold_queue(uuid[]), durabase_private.find_runs(jsonb, int),
  durabase.for_runs(text, jsonb, jsonb, int) to authenticated, service_role;
grant execute on function durabase_private.end_step_by_token(text, jsonb, text), durabase.end_step_by_token(text, jsonb, text)
  to anon, authenticated, service_role;
