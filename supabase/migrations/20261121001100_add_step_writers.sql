-- The mirror of steps: begun, ended. Guarded by (epoch, attempt); what an overtaken execution says is refused.

-- The state of a living run follows from its steps; parallel steps report for themselves.
create function durabase_private.derive_state(p_run uuid) returns text language plpgsql stable set search_path = '' as $$
begin
  return (
  select case
      when bool_or(s.state = 'running') then 'running'
      when bool_or(s.state = 'retrying') then 'retrying'
      when bool_or(s.state = 'awaiting_input') then 'awaiting_input'
      when bool_or(s.state = 'waiting') then 'waiting'
      else 'running' end
    from durabase.run_steps s
    where s.run_id = p_run and s.state in ('running', 'retrying', 'awaiting_input', 'waiting')
  );
end $$;

-- Why a living run waits, said of the step that goes on first; null while something runs.
create function durabase_private.derive_reason(p_run uuid) returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
  select case s.state
      when 'retrying' then jsonb_strip_nulls(jsonb_build_object('code', 'RETRYING', 'message', 'waits for the next attempt of ' || s.step_id,
        'error', s.error, 'nextAttemptAt', s.next_attempt_at))
      when 'waiting' then jsonb_strip_nulls(jsonb_build_object('code', 'SLEEPING', 'message', s.step_id || ' sleeps', 'wakesAt', s.wakes_at))
      end
    from durabase.run_steps s
    where s.run_id = p_run and s.state = durabase_private.derive_state(p_run)
    order by coalesce(s.next_attempt_at, s.wakes_at), s.step_id, s.iteration limit 1
  );
end $$;

-- After a change of its steps: state and reason of the run, one event, one change.
create function durabase_private.follow_step(p_run uuid, p_kind text, p_step text, p_iteration int, p_attempt int, p_data jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  update durabase.task_runs r set
      state = durabase_private.derive_state(p_run), stalled_at = null, stalled_reason = null,
      reason = durabase_private.derive_reason(p_run),
      event_seq = r.event_seq + 1, version = r.version + 1, updated_at = clock_timestamp()
    where r.id = p_run returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, p_kind, p_step, p_iteration, p_attempt, p_data);
  perform durabase_private.tell_feeds(v_run);
end $$;

-- {"step id": output} of the completed steps among these; large outputs are read from where they are stored.
create function durabase_private.step_outputs(p_run uuid, p_steps text[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
  select coalesce(jsonb_object_agg(s.step_id, coalesce(p.body, s.output, 'null')), '{}')
    from durabase.run_steps s
      left join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = s.run_id
    where s.run_id = p_run and s.step_id = any (p_steps) and s.iteration = 0 and s.state = 'completed'
  );
end $$;

-- What an attempt needs: its own row and the values that its templates refer to. Reads only.
create function durabase_private.load_step(p_run uuid, p_step text, p_iteration int, p_temporal_run text, p_refs text[], p_with_input boolean)
returns jsonb
-- definer: the engine has no rights on tables
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
  select jsonb_build_object(
      'workspaceId', r.workspace_id, 'taskSlug', t.slug, 'runState', r.state, 'runEpoch', r.epoch,
      'epoch', (select e.epoch from durabase_private.executions e where e.temporal_run_id = p_temporal_run and e.run_id = r.id),
      'isCancelRequested', r.cancel_requested_at is not null,
      'input', case when p_with_input then r.input end,
      'step', (
        select jsonb_build_object('state', s.state, 'epoch', s.epoch, 'attempt', s.attempt, 'failureCount', s.failure_count, 'input', s.input,
          'output', coalesce(p.body, s.output), 'hasOutputRef', s.output_ref is not null, 'outputRef', s.output_ref, 'error', s.error,
          'wakesAt', s.wakes_at)
        from durabase.run_steps s
          left join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = s.run_id
        where s.run_id = p_run and s.step_id = p_step and s.iteration = p_iteration),
      'outputs', case when cardinality(p_refs) = 0 then '{}' else durabase_private.step_outputs(p_run, p_refs) end)
    from durabase.task_runs r join durabase.tasks t on t.id = r.task_id where r.id = p_run
  );
end $$;

create function durabase_private.begin_step(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_iteration int := coalesce((p_item ->> 'iteration')::int, 0);
  v_attempt int := (p_item ->> 'attempt')::int;
  v_run durabase.task_runs;
  v_step durabase.run_steps;
  v_epoch int;
begin
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is null then return jsonb_build_object('verdict', 'stale', 'reason', 'no such run'); end if;
  v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then
    return jsonb_build_object('verdict', 'stale', 'reason', 'another execution owns this run');
  end if;
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.finished_at is not null then return jsonb_build_object('verdict', 'stale', 'reason', 'the run has ended'); end if;
  if not durabase_private.hold_permits(v_id) then return jsonb_build_object('verdict', 'wait', 'epoch', v_epoch); end if;
  if v_run.started_at is null then -- its opening was lost with an earlier state of this database
    delete from durabase_private.run_queue where run_id = v_id;
    update durabase.task_runs set started_at = clock_timestamp() where id = v_id;
  end if;
  select * into v_step from durabase.run_steps s
    where s.run_id = v_id and s.step_id = p_item ->> 'stepId' and s.iteration = v_iteration for update;
  if v_step.epoch = v_epoch and v_step.finished_at is not null then
    return jsonb_build_object('verdict', 'done', 'epoch', v_epoch);
  end if;
  if v_step.epoch = v_epoch and v_step.attempt > v_attempt then
    return jsonb_build_object('verdict', 'stale', 'reason', 'a later attempt is under way');
  end if;
  if v_step.epoch = v_epoch and v_step.attempt = v_attempt and v_step.state = 'retrying' then
    return jsonb_build_object('verdict', 'stale', 'reason', 'this attempt has already failed');
  end if;
  perform durabase_private.put_step(v_run, v_epoch, p_item, v_attempt);
  perform durabase_private.follow_step(v_id, case when p_item ->> 'state' = 'waiting' then 'step.waiting' else 'step.started' end,
    p_item ->> 'stepId', v_iteration, v_attempt,
    case when p_item ? 'wakesAt' then jsonb_build_object('wakesAt', p_item ->> 'wakesAt') end);
  return jsonb_build_object('verdict', 'go', 'epoch', v_epoch);
end $$;

create function durabase_private.end_step(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_iteration int := coalesce((p_item ->> 'iteration')::int, 0);
  v_state text := p_item ->> 'state';
  v_run durabase.task_runs;
  v_step durabase.run_steps;
  v_epoch int;
  v_ref jsonb;
begin
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is null then return jsonb_build_object('verdict', 'stale', 'reason', 'no such run'); end if;
  v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch or (v_run.finished_at is not null and v_epoch = v_run.epoch) then
    return jsonb_build_object('verdict', 'stale', 'reason', 'another execution owns this run, or it has ended');
  end if;
  select * into v_step from durabase.run_steps s
    where s.run_id = v_id and s.step_id = p_item ->> 'stepId' and s.iteration = v_iteration for update;
  if v_step.run_id is null then return jsonb_build_object('verdict', 'stale', 'reason', 'the step has not begun'); end if;
  if p_item ? 'attempt' and (v_step.epoch, v_step.attempt) <> (v_epoch, (p_item ->> 'attempt')::int) then
    return jsonb_build_object('verdict', 'stale', 'reason', 'a later attempt is under way');
  end if;
  if v_step.finished_at is not null or (v_step.state = 'retrying' and v_state = 'retrying') then -- said twice: the first word stands
    return jsonb_build_object('verdict', 'kept', 'state', v_step.state);
  end if;

  if p_item ? 'payload' then
    insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body)
      values (v_run.workspace_id, v_id, p_item #>> '{payload,sha256}', (p_item #>> '{payload,bytes}')::int, p_item #> '{payload,body}')
      on conflict (run_id, sha256) do update set byte_count = excluded.byte_count
      returning jsonb_build_object('payload', id, 'bytes', byte_count, 'sha256', sha256, 'preview', p_item #>> '{payload,preview}') into v_ref;
  end if;
  update durabase.run_steps set
      state = v_state, epoch = v_epoch, output = p_item -> 'output', output_ref = v_ref, error = p_item -> 'error',
      failure_count = failure_count + case when v_state in ('retrying', 'failed', 'timed_out') then 1 else 0 end,
      next_attempt_at = (p_item ->> 'nextAttemptAt')::timestamptz,
      finished_at = case when v_state <> 'retrying' then clock_timestamp() end,
      version = version + 1, updated_at = clock_timestamp()
    where run_id = v_id and step_id = v_step.step_id and iteration = v_iteration;
  perform durabase_private.follow_step(v_id, case v_state when 'retrying' then 'step.retry-scheduled' else 'step.' || v_state end,
    v_step.step_id, v_iteration, v_step.attempt,
    jsonb_strip_nulls(jsonb_build_object('error', p_item -> 'error', 'nextAttemptAt', p_item -> 'nextAttemptAt')));
  return jsonb_build_object('verdict', 'kept', 'state', v_state, 'outputRef', v_ref);
end $$;

-- Begun and ended steps of many runs in one statement, by the ids of their runs so that two batches never wait for each
-- other in a circle. Answers in the order of the items.
create function durabase_private.write_steps(p_items jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_answers jsonb := '{}';
begin
  for v_item in select i, n from jsonb_array_elements(p_items) with ordinality u(i, n) order by i ->> 'runId', n loop
    v_answers := v_answers || jsonb_build_object(v_item.n::text,
      case v_item.i ->> 'op' when 'begin' then durabase_private.begin_step(v_item.i) else durabase_private.end_step(v_item.i) end);
  end loop;
  return (select jsonb_agg(v_answers -> n::text order by n) from generate_series(1, jsonb_array_length(p_items)) n);
end $$;

revoke execute on function durabase_private.derive_state(uuid), durabase_private.derive_reason(uuid), durabase_private.follow_step(uuid, text, text, int, int, jsonb),
  durabase_private.load_step(uuid, text, int, text, text[], boolean), durabase_private.step_outputs(uuid, text[]),
  durabase_private.begin_step(jsonb), durabase_private.end_step(jsonb), durabase_private.write_steps(jsonb) from public;
grant execute on function durabase_private.load_step(uuid, text, int, text, text[], boolean), durabase_private.write_steps(jsonb) to durabase_engine;
