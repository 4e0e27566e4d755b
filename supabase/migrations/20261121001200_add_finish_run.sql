-- The end of a run: state, output, permits, wishes, in one transaction. The first word of an epoch stands.

create function durabase_private.outcome(p_run durabase.task_runs, p_verdict text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
  select jsonb_build_object('verdict', p_verdict, 'state', p_run.state, 'output', p_run.output, 'outputRef', p_run.output_ref, 'error', p_run.error)
  );
end $$;

-- Steps that are under way when their run ends have no more hands.
create function durabase_private.drop_steps(p_run uuid) returns void language plpgsql volatile set search_path = '' as $$
begin
  update durabase.run_steps set state = 'cancelled', next_attempt_at = null, finished_at = clock_timestamp(),
    version = version + 1, updated_at = clock_timestamp()
  where run_id = p_run and state in ('running', 'retrying', 'waiting', 'awaiting_input');
end $$;

-- Writes a terminal state. The caller holds the run's row and has decided that it may.
create function durabase_private.close_run(p_run durabase.task_runs, p_state text, p_error jsonb, p_output jsonb, p_output_ref jsonb, p_authority int)
returns durabase.task_runs language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  perform durabase_private.drop_steps(p_run.id);
  update durabase.task_runs set
      state = p_state, error = p_error, output = p_output, output_ref = p_output_ref, authority = p_authority, reason = null,
      stalled_at = null, stalled_reason = null, finished_at = clock_timestamp(),
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run.id returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.' || p_state, p_data => p_error);
  perform durabase_private.tell_feeds(v_run);
  delete from durabase_private.wishes where run_id = v_run.id;
  perform durabase_private.free_permits(v_run.id);
  return v_run;
end $$;

create function durabase_private.finish_run(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_run durabase.task_runs;
  v_epoch int;
  v_ref jsonb;
begin
  perform durabase_private.lock_queue(array[v_id]);
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is null then return jsonb_build_object('verdict', 'stale', 'state', 'failed'); end if;
  v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then return durabase_private.outcome(v_run, 'stale'); end if;
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.finished_at is not null then return durabase_private.outcome(v_run, 'kept'); end if;
  delete from durabase_private.run_queue where run_id = v_id;

  if p_item ? 'payload' then
    insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body)
      values (v_run.workspace_id, v_id, p_item #>> '{payload,sha256}', (p_item #>> '{payload,bytes}')::int, p_item #> '{payload,body}')
      on conflict (run_id, sha256) do update set byte_count = excluded.byte_count
      returning jsonb_build_object('payload', id, 'bytes', byte_count, 'sha256', sha256, 'preview', p_item #>> '{payload,preview}') into v_ref;
  end if;
  if p_item ->> 'state' = 'cancelled' and v_run.cancel_requested_at is null then
    perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.cancelled', 'run', v_id::text,
      jsonb_build_object('in', 'Temporal', 'temporalRunId', v_run.temporal_run_id));
  end if;
  v_run := durabase_private.close_run(v_run, p_item ->> 'state', p_item -> 'error', p_item -> 'output', v_ref, 0);
  return durabase_private.outcome(v_run, 'kept');
end $$;

-- Ends runs: [{"runId", "temporalRunId", "firstRunId", "state", "output" | "payload", "error"}]; answers in the order of the
-- items with the outcome that is stored: {"verdict": kept | stale, "state", "output", "outputRef", "error"}
create function durabase_private.finish_runs(p_items jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_ids uuid[] := array(select (i ->> 'runId')::uuid from jsonb_array_elements(p_items) i);
  v_answers jsonb := '{}';
begin
  perform durabase_private.lock_queue(v_ids), durabase_private.lock_permits(v_ids);
  for v_item in select i, n from jsonb_array_elements(p_items) with ordinality u(i, n) order by i ->> 'runId' loop
    v_answers := v_answers || jsonb_build_object(v_item.n::text, durabase_private.finish_run(v_item.i));
  end loop;
  return (select jsonb_agg(v_answers -> n::text order by n) from generate_series(1, jsonb_array_length(p_items)) n);
end $$;

-- A Signal that somebody sent by hand changes nothing, but it is written down.
create function durabase_private.note_signal(p_run uuid, p_temporal_run text, p_name text) returns void
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  update durabase.task_runs r set event_seq = r.event_seq + 1, version = r.version + 1, updated_at = clock_timestamp()
    where r.id = p_run and exists (
      select from durabase_private.executions e where e.run_id = r.id and e.temporal_run_id = p_temporal_run and e.epoch = r.epoch)
    returning * into v_run;
  if v_run.id is null then return; end if;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.signalled', p_data => jsonb_build_object('signal', left(p_name, 100)));
  perform durabase_private.tell_feeds(v_run);
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.signalled', 'run', p_run::text,
    jsonb_build_object('signal', left(p_name, 100), 'temporalRunId', p_temporal_run));
end $$;

revoke execute on function durabase_private.outcome(durabase.task_runs, text), durabase_private.drop_steps(uuid),
  durabase_private.close_run(durabase.task_runs, text, jsonb, jsonb, jsonb, int), durabase_private.finish_run(jsonb),
  durabase_private.finish_runs(jsonb), durabase_private.note_signal(uuid, text, text) from public;
grant execute on function durabase_private.finish_runs(jsonb), durabase_private.note_signal(uuid, text, text) to durabase_engine;
