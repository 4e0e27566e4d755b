-- What several ways to a run ask first, in one place each.

-- GUARD: the same key gives the same run, for good. Null: the key was free and belongs to `p_new` now.
create function durabase_private.run_of_key(p_actor durabase_private.actor, p_workspace uuid, p_key text, p_hash bytea, p_new uuid)
returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
declare
  v_known durabase_private.idempotency_keys;
  v_run durabase.task_runs;
begin
  insert into durabase_private.idempotency_keys (workspace_id, key, body_hash, run_id)
    values (p_workspace, p_key, p_hash, p_new) on conflict do nothing;
  if found then return null; end if;
  select * into v_known from durabase_private.idempotency_keys k where k.workspace_id = p_workspace and k.key = p_key;
  select * into v_run from durabase.task_runs r where r.id = v_known.run_id;
  if v_known.body_hash <> p_hash or v_run.id is null
    or (p_actor.kind = 'user' and v_run.actor_user_id is distinct from p_actor.user_id
        and not durabase_private.has_right(p_actor, 'edit', v_run.workspace_id, v_run.task_id)) then
    perform durabase_private.refuse(409, 'IDEMPOTENCY_CONFLICT', 'this idempotency key was used with another body',
      'use a new key for a new run', 'idempotency_key');
  end if;
  return v_run;
end $$;

-- Refuses whoever does not see the run, and who sees it but neither started it nor is an admin of its workspace.
create function durabase_private.check_operator(p_actor durabase_private.actor, p_run durabase.task_runs, p_verb text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not durabase_private.may_see_run(p_actor, p_run) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', null, 'run');
  end if;
  if p_actor.kind = 'user' and not durabase_private.has_right(p_actor, 'admin', p_run.workspace_id, p_run.task_id)
    and not (p_run.actor_user_id is not distinct from p_actor.user_id
             and durabase_private.has_right(p_actor, 'run', p_run.workspace_id, p_run.task_id)) then
    perform durabase_private.refuse(403, 'FORBIDDEN', format('you may %s runs that you started; admins may %s any', p_verb, p_verb),
      'ask an admin of the workspace');
  end if;
end $$;

-- Whether the actor may do to a run what its starter and the admins of its workspace may; refuses otherwise.
create or replace function durabase_private.find_own_run(p_actor durabase_private.actor, p_run uuid, p_verb text) returns durabase.task_runs
-- definer: looks at runs before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_run from durabase.task_runs r where r.id = p_run for update;
  perform durabase_private.check_operator(p_actor, v_run, p_verb);
  return v_run;
end $$;

create or replace function durabase_private.make_run(
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
  v_hash bytea;
  v_new durabase.task_runs;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_from from durabase.task_runs r where r.id = p_run for share; -- what is copied stays as it is meanwhile
  if not durabase_private.may_see_run(v_actor, v_from) then
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
  if p_key is not null then
    v_hash := sha256(convert_to(concat_ws('|', p_kind, p_run, coalesce(p_from_step, ''), coalesce(p_version, ''),
      coalesce(p_priority::text, ''), coalesce(p_input::text, '')), 'utf8'));
    v_new := durabase_private.run_of_key(v_actor, v_task.workspace_id, p_key, v_hash, v_id);
    if v_new.id is not null then return v_new; end if;
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

revoke execute on function durabase_private.run_of_key(durabase_private.actor, uuid, text, bytea, uuid),
  durabase_private.check_operator(durabase_private.actor, durabase.task_runs, text) from public;
