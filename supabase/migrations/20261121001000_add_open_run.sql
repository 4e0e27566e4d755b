-- Opening a run: the compare-and-set that lets exactly one chain of executions in Temporal work for it.

-- Which epoch of the run this execution is; 0 when it belongs to another chain. The caller holds the run's row.
-- An unseen execution of the same chain (reset, continue-as-new, retry) takes over: the next epoch is its own.
create function durabase_private.claim_epoch(p_run durabase.task_runs, p_temporal_run text, p_first_run text) returns int
language plpgsql volatile set search_path = '' as $$
declare
  v_known record;
  v_first text;
  v_epoch int := p_run.epoch + 1;
  v_was text := p_run.state;
  v_run durabase.task_runs;
begin
  select e.run_id, e.epoch into v_known from durabase_private.executions e where e.temporal_run_id = p_temporal_run;
  if v_known.run_id is not null then
    return case when v_known.run_id = p_run.id then v_known.epoch else 0 end;
  end if;
  select e.first_run_id into v_first from durabase_private.executions e where e.run_id = p_run.id order by e.epoch limit 1;
  if p_first_run is null or v_first <> p_first_run then return 0; end if;
  if v_first is null and p_run.finished_at is not null then return 0; end if;

  insert into durabase_private.executions (temporal_run_id, run_id, epoch, first_run_id)
    values (p_temporal_run, p_run.id, v_epoch, p_first_run);
  if v_epoch = 1 then
    update durabase.task_runs set epoch = 1, temporal_run_id = p_temporal_run where id = p_run.id;
    return 1;
  end if;

  -- a later execution: whatever the former one left under way has no more hands
  update durabase.run_steps set state = 'cancelled', next_attempt_at = null, finished_at = clock_timestamp(),
      version = version + 1, updated_at = clock_timestamp()
    where run_id = p_run.id and state in ('running', 'retrying');
  delete from durabase_private.wishes where run_id = p_run.id;
  update durabase.task_runs set
      epoch = v_epoch, authority = 0, temporal_run_id = p_temporal_run, state = 'running', reason = null, output = null,
      output_ref = null, error = null, finished_at = null, cancel_requested_at = null, cancel_reason = null,
      stalled_at = null, stalled_reason = null, deadline_at = null,
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run.id returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.reset', p_data => jsonb_build_object('epoch', v_epoch, 'was', v_was));
  perform durabase_private.tell_feeds(v_run);
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.reset', 'run', v_run.id::text,
    jsonb_build_object('epoch', v_epoch, 'was', v_was, 'temporalRunId', p_temporal_run));
  return v_epoch;
end $$;

-- Whether the run holds what it must hold, taking it if it is free. A reset run takes again what its end had freed.
create function durabase_private.hold_permits(p_run uuid) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  v_limits jsonb := (select l.limits from durabase_private.run_limits l where l.run_id = p_run);
begin
  if v_limits is null or exists (select from durabase_private.permits p where p.run_id = p_run) then return true; end if;
  return durabase_private.take_permits(p_run, v_limits) is null;
end $$;

-- The row of a step that begins: made, or taken over from an earlier attempt or epoch. The caller holds the run's row.
create function durabase_private.put_step(p_run durabase.task_runs, p_epoch int, p_step jsonb, p_attempt int) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase.run_steps as s (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, input, wakes_at)
  values (p_run.id, p_step ->> 'stepId', coalesce((p_step ->> 'iteration')::int, 0), p_run.workspace_id, p_step ->> 'name', p_step ->> 'action',
    coalesce(p_step ->> 'state', 'running'), p_epoch, p_attempt, p_step -> 'input', (p_step ->> 'wakesAt')::timestamptz)
  on conflict (run_id, step_id, iteration) do update set
    state = excluded.state, epoch = excluded.epoch, attempt = excluded.attempt,
    input = coalesce(excluded.input, s.input), wakes_at = excluded.wakes_at, next_attempt_at = null, finished_at = null,
    failure_count = case when s.epoch = excluded.epoch then s.failure_count else 0 end,
    started_at = case when s.epoch = excluded.epoch then s.started_at else clock_timestamp() end,
    output = null, output_ref = null, error = case when s.epoch = excluded.epoch then s.error end,
    version = s.version + 1, updated_at = clock_timestamp();
end $$;

-- What opening needs to know, read without writing: [run ids] → [{"runId", "versionId", "input", …}]
create function durabase_private.load_runs(p_runs uuid[]) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
  select coalesce(jsonb_agg(jsonb_build_object(
      'runId', r.id, 'workspaceId', r.workspace_id, 'taskId', r.task_id, 'taskSlug', t.slug, 'versionId', r.version_id, 'state', r.state,
      'epoch', r.epoch, 'input', r.input, 'createdAt', r.created_at,
      'actor', jsonb_build_object('kind', r.actor_kind, 'userId', r.actor_user_id, 'name', r.actor_name))), '[]')
    from durabase.task_runs r join durabase.tasks t on t.id = r.task_id where r.id = any (p_runs)
  );
end $$;

create function durabase_private.load_plan(p_version uuid) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
  select v.plan from durabase.task_versions v where v.id = p_version
  );
end $$;

create function durabase_private.open_run(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_run durabase.task_runs;
  v_was durabase.task_runs;
  v_epoch int;
  v_step jsonb;
  v_queued durabase_private.run_queue;
  v_deadline_ms bigint := (p_item ->> 'deadlineMs')::bigint;
begin
  select * into v_queued from durabase_private.run_queue q where q.run_id = v_id for update;
  select * into v_was from durabase.task_runs r where r.id = v_id for update;
  if v_was.id is null then
    return jsonb_build_object('verdict', 'refused', 'reason', 'no such run');
  end if;
  v_epoch := durabase_private.claim_epoch(v_was, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 then
    if v_was.finished_at is not null then
      delete from durabase_private.run_queue where run_id = v_id and not is_waiting_in_temporal;
      return jsonb_build_object('verdict', 'refused', 'reason', 'the run has already ended', 'state', v_was.state);
    end if;
    return jsonb_build_object('verdict', 'refused', 'reason', 'another execution owns this run');
  end if;
  if v_epoch < v_was.epoch then
    return jsonb_build_object('verdict', 'refused', 'reason', 'a later execution has taken over');
  end if;
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.finished_at is not null then -- it ended while it waited, or its own execution asks once more
    delete from durabase_private.run_queue where run_id = v_id;
    return jsonb_build_object('verdict', 'ended', 'epoch', v_epoch, 'deadlineAt', v_run.deadline_at);
  end if;
  if v_run.started_at is not null and v_epoch = v_was.epoch and v_queued.run_id is null then -- this very execution asks again: same answer
    return jsonb_build_object('verdict', case when v_run.cancel_requested_at is null then 'go' else 'cancel' end,
      'epoch', v_epoch, 'deadlineAt', v_run.deadline_at);
  end if;
  -- it waits in the queue for its admission or its permits; the dispatcher wakes it by a Signal
  if v_queued.run_id is not null and v_queued.admitted_at is null then
    update durabase_private.run_queue set is_waiting_in_temporal = true where run_id = v_id;
    return jsonb_build_object('verdict', 'wait', 'epoch', v_epoch);
  end if;
  if not durabase_private.hold_permits(v_id) then
    insert into durabase_private.run_queue (run_id, workspace_id, priority, is_sync, ready_at, needs_check, limits, is_waiting_in_temporal)
      select v_id, v_run.workspace_id, v_run.priority, v_run.mode = 'sync', now(), false, l.limits, true
      from durabase_private.run_limits l where l.run_id = v_id
      on conflict (run_id) do update set is_waiting_in_temporal = true, admitted_at = null, claimed_until = null;
    update durabase.task_runs set state = 'queued', version = version + 1, updated_at = clock_timestamp(),
        reason = jsonb_build_object('code', 'LIMIT_REACHED', 'message', 'waits for its permits again')
      where id = v_id returning * into v_run;
    perform durabase_private.tell_feeds(v_run);
    return jsonb_build_object('verdict', 'wait', 'epoch', v_epoch);
  end if;
  delete from durabase_private.run_queue where run_id = v_id;

  for v_step in select s from jsonb_array_elements(p_item -> 'steps') s loop
    perform durabase_private.put_step(v_run, v_epoch, v_step, 1);
  end loop;
  update durabase.task_runs set
      state = durabase_private.derive_state(v_id), reason = durabase_private.derive_reason(v_id), started_at = clock_timestamp(),
      deadline_at = clock_timestamp() + v_deadline_ms * interval '1 millisecond',
      event_seq = event_seq + 1 + jsonb_array_length(p_item -> 'steps'), version = version + 1, updated_at = clock_timestamp()
    where id = v_id returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq - jsonb_array_length(p_item -> 'steps'), 'run.running');
  for v_step in select s || jsonb_build_object('ordinal', n) from jsonb_array_elements(p_item -> 'steps') with ordinality u(s, n) loop
    perform durabase_private.emit(v_run, v_run.event_seq - jsonb_array_length(p_item -> 'steps') + (v_step ->> 'ordinal')::int,
      'step.started', v_step ->> 'stepId', 0, 1);
  end loop;
  perform durabase_private.tell_feeds(v_run);
  return jsonb_build_object('verdict', case when v_run.cancel_requested_at is null then 'go' else 'cancel' end,
    'epoch', v_epoch, 'deadlineAt', v_run.deadline_at);
end $$;

-- Opens runs: [{"runId", "workflowId", "temporalRunId", "firstRunId", "deadlineMs", "steps": [{"stepId", "name", "action", "input"}]}]
-- in the order of their ids; answers in the order of the items:
-- {"verdict": go | cancel | wait | ended | refused, "epoch", "deadlineAt", "reason"}
create function durabase_private.open_runs(p_items jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_answers jsonb := '{}';
begin
  perform durabase_private.lock_queue(array(select (i ->> 'runId')::uuid from jsonb_array_elements(p_items) i));
  for v_item in select i, n from jsonb_array_elements(p_items) with ordinality u(i, n) order by i ->> 'runId' loop
    v_answers := v_answers || jsonb_build_object(v_item.n::text, durabase_private.open_run(v_item.i));
  end loop;
  return (select jsonb_agg(v_answers -> n::text order by n) from generate_series(1, jsonb_array_length(p_items)) n);
end $$;

-- An execution that an operator started by Temporal's CLI or Web UI with {"workspace", "task", "input"}: accepted like any
-- other, with an id that follows from the execution, so that asking twice makes one run. Then it waits for its admission.
create function durabase_private.adopt_start(p_run uuid, p_workflow_id text, p_workspace text, p_task text, p_input jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_task durabase.tasks;
begin
  if exists (select from durabase.task_runs r where r.id = p_run) then
    return jsonb_build_object('runId', p_run);
  end if;
  if p_workspace is not null and p_workspace !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'the workspace must be given by its id', null, 'workspace');
  end if;
  v_task := durabase_private.find_task(durabase_private.operator_actor(), p_task, p_workspace::uuid, 'run');
  perform durabase_private.accept_run(durabase_private.operator_actor(), p_run, v_task, coalesce(p_input, '{}'), null, null,
    null, 'temporal', p_workflow_id, true);
  return jsonb_build_object('runId', p_run);
end $$;

revoke execute on function durabase_private.claim_epoch(durabase.task_runs, text, text), durabase_private.hold_permits(uuid),
  durabase_private.put_step(durabase.task_runs, int, jsonb, int), durabase_private.load_runs(uuid[]), durabase_private.load_plan(uuid),
  durabase_private.open_run(jsonb), durabase_private.open_runs(jsonb),
  durabase_private.adopt_start(uuid, text, text, text, jsonb) from public;
grant execute on function durabase_private.load_runs(uuid[]), durabase_private.load_plan(uuid), durabase_private.open_runs(jsonb),
  durabase_private.adopt_start(uuid, text, text, text, jsonb) to durabase_engine;
