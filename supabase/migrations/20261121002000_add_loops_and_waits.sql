-- Plans beyond a line of steps: loops, waits that something else ends, child runs, pauses, and runs too long for one history.

alter table durabase.task_runs
  add column pause_requested_at timestamptz,
  add column pause_reason text constraint task_runs_pause_reason_length check (length(pause_reason) <= 1000),
  add constraint task_runs_pause_reason_of_pause check (pause_reason is null or pause_requested_at is not null);

-- ── Continuing ────────────────────────────────────────────────────────────────────────────────────────────────────────

alter table durabase_private.executions
  add column base_epoch int,
  add column opened_at timestamptz,
  add column left_at timestamptz;
update durabase_private.executions set base_epoch = epoch;
alter table durabase_private.executions alter column base_epoch set default 1, alter column base_epoch set not null;
comment on column durabase_private.executions.base_epoch is 'Steps that were done in this epoch or a later one are done for this execution.';
comment on column durabase_private.executions.opened_at is
  'Of a later execution: it has opened the run, or goes on with it. A reset that somebody else saw first has yet to open it.';
comment on column durabase_private.executions.left_at is 'The execution has said that another one goes on in its place (continue-as-new).';

alter table durabase.run_steps
  add column skip_reason text,
  add constraint run_steps_skip_reason_of_skipped check (skip_reason is null or state = 'skipped');

create index run_steps_open_idx on durabase.run_steps (run_id) where state in ('running', 'waiting', 'awaiting_input', 'retrying');

-- An execution before its history grows too long: the next one of the chain is not a reset but goes on.
create function durabase_private.leave_run(p_run uuid, p_temporal_run text) returns boolean
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
begin
  update durabase_private.executions e set left_at = coalesce(e.left_at, clock_timestamp())
    from durabase.task_runs r
    where e.run_id = p_run and e.temporal_run_id = p_temporal_run and r.id = p_run and r.epoch = e.epoch;
  return found;
end $$;

create or replace function durabase_private.claim_epoch(p_run durabase.task_runs, p_temporal_run text, p_first_run text) returns int
language plpgsql volatile set search_path = '' as $$
declare
  v_known record;
  v_first text;
  v_current durabase_private.executions;
  v_goes_on boolean;
  v_epoch int := p_run.epoch + 1;
  v_run durabase.task_runs;
begin
  select e.run_id, e.epoch into v_known from durabase_private.executions e where e.temporal_run_id = p_temporal_run;
  if v_known.run_id is not null then
    return case when v_known.run_id = p_run.id then v_known.epoch else 0 end;
  end if;
  select e.first_run_id into v_first from durabase_private.executions e where e.run_id = p_run.id order by e.epoch limit 1;
  if p_first_run is null or v_first <> p_first_run then return 0; end if;
  if v_first is null and p_run.finished_at is not null then return 0; end if;

  select * into v_current from durabase_private.executions e where e.run_id = p_run.id and e.epoch = p_run.epoch;
  v_goes_on := v_current.left_at is not null and p_run.finished_at is null;
  insert into durabase_private.executions (temporal_run_id, run_id, epoch, first_run_id, base_epoch, opened_at)
    values (p_temporal_run, p_run.id, v_epoch, p_first_run, coalesce(v_current.base_epoch, v_epoch), case when v_goes_on then clock_timestamp() end);
  if v_epoch = 1 then
    update durabase.task_runs set epoch = 1, temporal_run_id = p_temporal_run where id = p_run.id;
    return 1;
  end if;
  if v_goes_on then
    -- the same work in another history: nobody needs to hear of it
    update durabase.run_steps set epoch = v_epoch
      where run_id = p_run.id and state in ('running', 'waiting', 'awaiting_input') and (state <> 'running' or iteration = -1);
    update durabase.task_runs set epoch = v_epoch, temporal_run_id = p_temporal_run, version = version + 1 where id = p_run.id;
    return v_epoch;
  end if;

  -- a later execution: whatever the former one left under way has no more hands
  update durabase.run_steps set state = 'cancelled', next_attempt_at = null, finished_at = clock_timestamp(),
      version = version + 1, updated_at = clock_timestamp()
    where run_id = p_run.id and state in ('running', 'retrying');
  delete from durabase_private.wishes where run_id = p_run.id and kind = 'cancel'; -- a wake may still tell it something
  update durabase.task_runs set
      epoch = v_epoch, authority = 0, temporal_run_id = p_temporal_run, state = 'running', reason = null, output = null,
      output_ref = null, error = null, finished_at = null, cancel_requested_at = null, cancel_reason = null,
      pause_requested_at = case when p_run.finished_at is null then pause_requested_at end,
      pause_reason = case when p_run.finished_at is null then pause_reason end,
      stalled_at = null, stalled_reason = null, deadline_at = null,
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run.id returning * into v_run;
  if v_run.pause_requested_at is not null then -- a reset does not undo what a person asked for
    update durabase.task_runs set state = durabase_private.derive_state(p_run.id), reason = durabase_private.derive_reason(p_run.id)
      where id = p_run.id returning * into v_run;
  end if;
  -- Its history may be older than the pause, or than the end that dropped the waits of the run: it shall look.
  if v_run.pause_requested_at is not null or p_run.finished_at is not null then perform durabase_private.wish_wake(v_run); end if;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.reset', p_data => jsonb_build_object('epoch', v_epoch, 'was', p_run.state));
  perform durabase_private.tell_feeds(v_run);
  perform durabase_private.audit(durabase_private.operator_actor(), v_run.workspace_id, 'run.reset', 'run', v_run.id::text,
    jsonb_build_object('epoch', v_epoch, 'was', p_run.state, 'temporalRunId', p_temporal_run));
  return v_epoch;
end $$;

-- {"step id": "completed" | "skipped"} of what is done for this execution: before it took over, or kept from another run
-- (epoch 0). A loop is done when its own row (iteration -1) is. What was done before something that it needs was begun again
-- by a reset is not done.
create function durabase_private.done_steps(p_run uuid, p_base_epoch int) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    with recursive own as (
      select distinct on (s.step_id) s.step_id, s.state, s.epoch from durabase.run_steps s -- a loop's own row stands before its iterations
      where s.run_id = p_run and s.iteration in (-1, 0) order by s.step_id, s.iteration
    ), needs as (
      select s ->> 'id' as step_id, n as needed
      from durabase.task_runs r join durabase.task_versions v on v.id = r.version_id,
        jsonb_array_elements(v.plan -> 'steps') s, jsonb_array_elements_text(s -> 'needs') n
      where r.id = p_run and (select min(o.epoch) < max(o.epoch) from own o)
    ), overtaken as (
      select n.step_id from needs n join own o on o.step_id = n.step_id join own x on x.step_id = n.needed where x.epoch > o.epoch
      union
      select n.step_id from needs n join overtaken o on o.step_id = n.needed
    )
    select coalesce(jsonb_object_agg(o.step_id, o.state), '{}') from own o
    where o.state in ('completed', 'skipped') and (o.epoch = 0 or o.epoch >= p_base_epoch)
      and o.step_id not in (select x.step_id from overtaken x));
end $$;

-- ── Loops ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What a loop walks over; each item is read by the iteration of the same number.
create table durabase_private.loop_items (
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  step_id text not null,
  iteration int not null,
  item jsonb not null,
  primary key (run_id, step_id, iteration)
);

-- A loop of which an execution that was set back into the middle of it says something: it is under way again.
create function durabase_private.reopen_loop(p_run uuid, p_step text, p_epoch int) returns void
language plpgsql volatile set search_path = '' as $$
begin
  update durabase.run_steps set state = 'running', epoch = p_epoch, next_attempt_at = null, finished_at = null,
      output = null, output_ref = null, error = null, skip_reason = null, version = version + 1, updated_at = clock_timestamp()
    where run_id = p_run and step_id = p_step and iteration = -1 and epoch < p_epoch;
end $$;

create or replace function durabase_private.put_step(p_run durabase.task_runs, p_epoch int, p_step jsonb, p_attempt int) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_iteration int := coalesce((p_step ->> 'iteration')::int, 0);
begin
  insert into durabase.run_steps as s (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, input, wakes_at)
  values (p_run.id, p_step ->> 'stepId', v_iteration, p_run.workspace_id, p_step ->> 'name', p_step ->> 'action',
    coalesce(p_step ->> 'state', 'running'), p_epoch, p_attempt, p_step -> 'input', (p_step ->> 'wakesAt')::timestamptz)
  on conflict (run_id, step_id, iteration) do update set
    state = excluded.state, epoch = excluded.epoch, attempt = excluded.attempt,
    input = coalesce(excluded.input, s.input), wakes_at = excluded.wakes_at, next_attempt_at = null, finished_at = null,
    failure_count = case when s.epoch = excluded.epoch then s.failure_count else 0 end,
    started_at = case when s.epoch = excluded.epoch then s.started_at else clock_timestamp() end,
    output = null, output_ref = null, error = case when s.epoch = excluded.epoch then s.error end, skip_reason = null,
    version = s.version + 1, updated_at = clock_timestamp();
  if p_epoch > 1 and v_iteration >= 0 then
    perform durabase_private.reopen_loop(p_run.id, p_step ->> 'stepId', p_epoch);
  end if;
end $$;

-- {"runId", "temporalRunId", "firstRunId", "stepId", "name", "action", "items": […]} → {"verdict": go | done | stale, "count", "next", "missing"}
-- to be taken: the missing ones and those from `next` on. Asked again, or by an execution that goes on, it answers what is stored.
create function durabase_private.open_loop(p_item jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_step_id text := p_item ->> 'stepId';
  v_count int := jsonb_array_length(p_item -> 'items');
  v_run durabase.task_runs;
  v_loop durabase.run_steps;
  v_epoch int;
begin
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is null then return jsonb_build_object('verdict', 'stale', 'reason', 'no such run'); end if;
  v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then return jsonb_build_object('verdict', 'stale', 'reason', 'another execution owns this run'); end if;
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.finished_at is not null then return jsonb_build_object('verdict', 'stale', 'reason', 'the run has ended'); end if;
  select * into v_loop from durabase.run_steps s where s.run_id = v_id and s.step_id = v_step_id and s.iteration = -1;
  if v_loop.epoch = v_epoch and v_loop.finished_at is not null then return jsonb_build_object('verdict', 'done', 'state', v_loop.state); end if;
  if v_loop.epoch = v_epoch then return durabase_private.rest_of_loop(v_loop); end if;
  delete from durabase_private.loop_items where run_id = v_id and step_id = v_step_id;
  insert into durabase_private.loop_items (run_id, step_id, iteration, item)
    select v_id, v_step_id, n - 1, i from jsonb_array_elements(p_item -> 'items') with ordinality u(i, n);
  if v_loop.run_id is not null then -- before a reset it may have been longer
    update durabase.run_steps set state = 'cancelled', next_attempt_at = null, finished_at = clock_timestamp(),
        version = version + 1, updated_at = clock_timestamp()
      where run_id = v_id and step_id = v_step_id and iteration >= v_count and state in ('running', 'retrying', 'waiting', 'awaiting_input');
  end if;
  perform durabase_private.put_step(v_run, v_epoch,
    (p_item - 'items') || jsonb_build_object('iteration', -1, 'state', 'running', 'input', jsonb_build_object('count', v_count)), 1);
  perform durabase_private.follow_step(v_id, 'step.loop-started', v_step_id, -1, 1, jsonb_build_object('count', v_count));
  return jsonb_build_object('verdict', 'go', 'count', v_count, 'next', 0, 'missing', '[]'::jsonb);
end $$;

-- What an open loop has still to take: all but what was done since it was opened, by whichever execution.
create function durabase_private.rest_of_loop(p_loop durabase.run_steps) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_count int := (p_loop.input ->> 'count')::int;
begin
  return (
    with done as (
      select s.iteration from durabase.run_steps s
      where s.run_id = p_loop.run_id and s.step_id = p_loop.step_id and s.iteration between 0 and v_count - 1
        and s.state in ('completed', 'skipped') and s.finished_at >= p_loop.started_at
    ), reached as (select coalesce(max(d.iteration), -1) as last from done d)
    select jsonb_build_object('verdict', 'go', 'count', v_count, 'next', r.last + 1, 'missing', coalesce((
      select jsonb_agg(n order by n) from generate_series(0, r.last) n where n not in (select d.iteration from done d)), '[]'))
    from reached r);
end $$;

-- Ends a loop with the list of its outputs, in order; null stands for an iteration that was skipped or did not come to its end.
-- {"runId", "temporalRunId", "firstRunId", "stepId", "state": completed | failed | cancelled, "error"} → as end_step
create function durabase_private.close_loop(p_item jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_step_id text := p_item ->> 'stepId';
  v_run durabase.task_runs;
  v_epoch int;
begin
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is not null then
    v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
    select * into v_run from durabase.task_runs r where r.id = v_id;
    if v_epoch > 1 and v_epoch = v_run.epoch and v_run.finished_at is null then
      perform durabase_private.reopen_loop(v_id, v_step_id, v_epoch);
    end if;
  end if;
  if p_item ->> 'state' = 'completed' then
    p_item := p_item || durabase_private.gather_outputs(v_id, v_step_id);
  end if;
  return durabase_private.end_step(p_item || jsonb_build_object('iteration', -1))
    || case when p_item ->> 'state' = 'failed' then jsonb_build_object('error', p_item -> 'error') else '{}' end;
end $$;

-- The outputs of a loop as end_step takes them, or why they cannot be kept.
create function durabase_private.gather_outputs(p_run uuid, p_step text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_last int := (select (s.input ->> 'count')::int - 1 from durabase.run_steps s where s.run_id = p_run and s.step_id = p_step and s.iteration = -1);
  v_bytes bigint;
  v_body jsonb;
  v_text text;
begin
  -- first without building it, which Postgres cannot do beyond 256 MB
  select coalesce(sum(coalesce(p.byte_count, octet_length(s.output::text), 4)), 0) into v_bytes
    from durabase.run_steps s
      left join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = s.run_id
    where s.run_id = p_run and s.step_id = p_step and s.iteration between 0 and v_last;
  if v_bytes <= 5000000 then
    select coalesce(jsonb_agg(coalesce(p.body, s.output, 'null') order by n), '[]') into v_body
      from generate_series(0, v_last) n
        left join durabase.run_steps s on s.run_id = p_run and s.step_id = p_step and s.iteration = n
        left join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = s.run_id;
    v_text := v_body::text;
    v_bytes := octet_length(v_text);
  end if;
  return case
    when v_bytes > 5000000 then jsonb_build_object('state', 'failed', 'error', jsonb_build_object('code', 'OUTPUT_TOO_LARGE',
      'message', format('the outputs of the loop have %s bytes together, at most 5000000 are kept', v_bytes), 'stepId', p_step))
    when v_bytes > 32768 then jsonb_build_object('payload', jsonb_build_object(
      'sha256', encode(sha256(convert_to(v_text, 'UTF8')), 'hex'), 'bytes', v_bytes, 'preview', left(v_text, 200), 'body', v_body))
    else jsonb_build_object('output', v_body) end;
end $$;

create or replace function durabase_private.step_outputs(p_run uuid, p_steps text[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
  select coalesce(jsonb_object_agg(s.step_id, coalesce(p.body, s.output, 'null')), '{}')
    from (
      select distinct on (x.step_id) x.* from durabase.run_steps x -- a loop's own row stands before its iterations
      where x.run_id = p_run and x.step_id = any (p_steps) and x.iteration in (-1, 0) order by x.step_id, x.iteration
    ) s
      left join durabase_private.payloads p on p.id = (s.output_ref ->> 'payload')::uuid and p.run_id = s.run_id
    where s.state in ('completed', 'skipped')
  );
end $$;

create or replace function durabase_private.load_step(p_run uuid, p_step text, p_iteration int, p_temporal_run text, p_refs text[], p_with_input boolean)
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
      'item', (select i.item from durabase_private.loop_items i where i.run_id = p_run and i.step_id = p_step and i.iteration = p_iteration),
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

-- A step whose condition is false, or that had nothing left to wait for, is over without having begun.
-- Answers as begin_step: done when it is written.
create function durabase_private.skip_step(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_iteration int := coalesce((p_item ->> 'iteration')::int, 0);
  v_run durabase.task_runs;
  v_step durabase.run_steps;
  v_epoch int;
begin
  select * into v_run from durabase.task_runs r where r.id = v_id for update;
  if v_run.id is null then return jsonb_build_object('verdict', 'stale', 'reason', 'no such run'); end if;
  v_epoch := durabase_private.claim_epoch(v_run, p_item ->> 'temporalRunId', p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then return jsonb_build_object('verdict', 'stale', 'reason', 'another execution owns this run'); end if;
  select * into v_run from durabase.task_runs r where r.id = v_id;
  if v_run.finished_at is not null then return jsonb_build_object('verdict', 'stale', 'reason', 'the run has ended'); end if;
  select * into v_step from durabase.run_steps s where s.run_id = v_id and s.step_id = p_item ->> 'stepId' and s.iteration = v_iteration for update;
  if v_step.epoch = v_epoch and v_step.finished_at is not null then return jsonb_build_object('verdict', 'done', 'state', v_step.state); end if;
  perform durabase_private.put_step(v_run, v_epoch, p_item || '{"state": "running"}', 1);
  update durabase.run_steps set state = 'skipped', skip_reason = p_item ->> 'reason', finished_at = clock_timestamp()
    where run_id = v_id and step_id = p_item ->> 'stepId' and iteration = v_iteration;
  perform durabase_private.follow_step(v_id, 'step.skipped', p_item ->> 'stepId', v_iteration, 1, jsonb_build_object('reason', p_item -> 'reason'));
  return jsonb_build_object('verdict', 'done', 'state', 'skipped');
end $$;

-- ── Links between runs, and what one run has to do to another ─────────────────────────────────────────────────────────

create table durabase.run_links (
  run_id uuid primary key references durabase.task_runs (id) on delete cascade,
  parent_run_id uuid not null references durabase.task_runs (id) on delete cascade,
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  kind text not null constraint run_links_kind_known check (kind in ('child', 'fork', 'retry', 'rerun')),
  step_id text,
  iteration int,
  is_waited boolean not null default false,
  depth int not null default 1 constraint run_links_depth_bounded check (depth between 1 and 16),
  created_at timestamptz not null default now(),
  constraint run_links_between_two check (run_id <> parent_run_id),
  constraint run_links_child_has_place check (kind <> 'child' or (step_id is not null and iteration is not null)),
  constraint run_links_waited_is_child check (kind = 'child' or not is_waited)
);
comment on table durabase.run_links is 'Where a run comes from: started by a step of another run, or made from another run.';
create index run_links_parent_idx on durabase.run_links (parent_run_id, step_id, iteration);
create index run_links_workspace_idx on durabase.run_links (workspace_id);
alter table durabase.run_links enable row level security;
-- Who sees both runs sees that they belong together.
create policy run_links_read on durabase.run_links for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or (exists (select from durabase.task_runs r where r.id = run_id) and exists (select from durabase.task_runs r where r.id = parent_run_id))
  );
grant select on durabase.run_links to authenticated, service_role;

-- What is to be done to a run because of something elsewhere. Done in transactions of its own, so that nobody who holds one
-- run ever waits for another. No foreign keys, for the same reason.
create table durabase_private.deeds (
  n bigint generated always as identity primary key,
  kind text not null constraint deeds_kind_known check (kind in ('child-ended', 'cancel-child', 'event', 'event-wait')),
  run_id uuid, -- to whom
  step_id text,
  iteration int,
  other_id uuid, -- because of whom: the child, the parent, the event
  due_at timestamptz not null default clock_timestamp(), -- later when it has failed
  failure_count int not null default 0,
  problem text
);

alter table durabase_private.wishes drop constraint wishes_kind_known;
alter table durabase_private.wishes add constraint wishes_kind_known check (kind in ('cancel', 'wake'));

-- The run's workflow shall look what has changed.
create function durabase_private.wish_wake(p_run durabase.task_runs) returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase_private.wishes (run_id, kind, epoch) values (p_run.id, 'wake', p_run.epoch)
    on conflict (run_id, kind) do update set epoch = excluded.epoch, requested_at = clock_timestamp(), carried_until = null;
end $$;

-- A wake that was carried is forgotten, unless somebody has wished for it again meanwhile.
create function durabase_private.forget_wakes(p_runs uuid[], p_carried_at timestamptz[]) returns void
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  with carried as (
    select w.run_id from durabase_private.wishes w join unnest(p_runs, p_carried_at) c (run_id, at) on w.run_id = c.run_id and w.requested_at = c.at
    where w.kind = 'wake' order by w.run_id for update of w) -- in the order in which an event wakes several runs
  delete from durabase_private.wishes w using carried c where w.run_id = c.run_id and w.kind = 'wake'
$$;

drop function durabase_private.claim_wishes(int);
create function durabase_private.claim_wishes(p_limit int)
returns table (run_id uuid, workflow_id text, kind text, epoch int, reason text, requested_at timestamptz)
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  with due as (
    select w.run_id, w.kind from durabase_private.wishes w
    where w.carried_until is null or w.carried_until < clock_timestamp()
    order by w.requested_at limit p_limit for update skip locked),
  claimed as (
    update durabase_private.wishes w set carried_until = clock_timestamp() + interval '5 seconds'
    from due where w.run_id = due.run_id and w.kind = due.kind returning w.run_id, w.kind, w.epoch, w.requested_at)
  select c.run_id, r.workflow_id, c.kind, c.epoch, r.cancel_reason, c.requested_at from claimed c join durabase.task_runs r on r.id = c.run_id
$$;

-- ── Waits that something else ends ────────────────────────────────────────────────────────────────────────────────────

create table durabase.events (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  name text not null constraint events_name_form check (name ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,126}$'),
  data jsonb not null default '{}' constraint events_data_is_object check (jsonb_typeof(data) = 'object'),
  idempotency_key text constraint events_idempotency_key_length check (length(idempotency_key) between 1 and 200),
  actor_kind text not null constraint events_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role')),
  actor_user_id uuid references auth.users (id) on delete set null,
  actor_name text not null,
  created_at timestamptz not null default clock_timestamp()
);
create unique index events_idempotency_key_unique on durabase.events (workspace_id, idempotency_key) where idempotency_key is not null;
create index events_name_idx on durabase.events (workspace_id, name, created_at, id);
create index events_actor_idx on durabase.events (actor_user_id);
alter table durabase.events enable row level security;
create policy events_read on durabase.events for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or (actor_user_id = (select durabase_private.uid()) and workspace_id = any ((select durabase_private.ws_ids())::uuid[]))
    or (select durabase_private.is_instance_admin())
  );
grant select on durabase.events to authenticated, service_role;

create table durabase_private.event_waits (
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  step_id text not null,
  iteration int not null,
  workspace_id uuid not null,
  name text not null constraint event_waits_name_length check (length(name) <= 127),
  match jsonb not null,
  event_id uuid, -- by which it ended
  primary key (run_id, step_id, iteration)
);
create index event_waits_name_idx on durabase_private.event_waits (workspace_id, name) where event_id is null;
-- one event ends one wait of a run
create unique index event_waits_event_unique on durabase_private.event_waits (run_id, event_id) where event_id is not null;

-- Tokens with which a step can be completed from outside; their hashes only.
create table durabase_private.input_tokens (
  hash bytea primary key,
  run_id uuid not null references durabase.task_runs (id) on delete cascade,
  step_id text not null,
  iteration int not null,
  created_at timestamptz not null default now()
);
create index input_tokens_run_idx on durabase_private.input_tokens (run_id, step_id, iteration);

-- Ends a step that waits, for whoever may: the first word stands. The caller holds the run's row.
create function durabase_private.end_waiting_step(
  p_run durabase.task_runs, p_step text, p_iteration int, p_state text, p_output jsonb, p_error jsonb
) returns boolean language plpgsql volatile set search_path = '' as $$
declare
  v_ref jsonb;
  v_text text := p_output::text;
  v_step durabase.run_steps;
begin
  if p_run.finished_at is not null then return false; end if;
  select * into v_step from durabase.run_steps s
    where s.run_id = p_run.id and s.step_id = p_step and s.iteration = p_iteration and s.state = 'waiting' for update;
  if v_step.run_id is null then return false; end if;
  if octet_length(v_text) > 32768 then
    insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body)
      values (p_run.workspace_id, p_run.id, encode(sha256(convert_to(v_text, 'UTF8')), 'hex'), octet_length(v_text), p_output)
      on conflict (run_id, sha256) do update set byte_count = excluded.byte_count
      returning jsonb_build_object('payload', id, 'bytes', byte_count, 'sha256', sha256, 'preview', left(v_text, 200)) into v_ref;
  end if;
  update durabase.run_steps set state = p_state, output = case when v_ref is null then p_output end, output_ref = v_ref, error = p_error,
      finished_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp()
    where run_id = p_run.id and step_id = p_step and iteration = p_iteration;
  delete from durabase_private.input_tokens t where t.run_id = p_run.id and t.step_id = p_step and t.iteration = p_iteration;
  perform durabase_private.follow_step(p_run.id, 'step.' || p_state, p_step, p_iteration, v_step.attempt,
    case when p_error is null then null else jsonb_build_object('error', p_error) end);
  perform durabase_private.wish_wake(p_run);
  return true;
end $$;

create function durabase_private.event_output(p_event durabase.events) returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object('id', p_event.id, 'name', p_event.name, 'data', p_event.data, 'at', p_event.created_at)
$$;

-- Gives the event to the first wait of the run that it fits. The caller holds the run's row.
create function durabase_private.offer_event(p_run durabase.task_runs, p_event durabase.events) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_wait record;
begin
  if p_event.created_at < p_run.created_at
    or exists (select from durabase_private.event_waits w where w.run_id = p_run.id and w.event_id = p_event.id) then return; end if;
  select w.step_id, w.iteration into v_wait
    from durabase_private.event_waits w join durabase.run_steps s using (run_id, step_id, iteration)
    where w.run_id = p_run.id and w.name = p_event.name and w.event_id is null and s.state = 'waiting' and p_event.data @> w.match
    order by w.step_id, w.iteration limit 1;
  if v_wait.step_id is not null
    and durabase_private.end_waiting_step(p_run, v_wait.step_id, v_wait.iteration, 'completed', durabase_private.event_output(p_event), null) then
    update durabase_private.event_waits w set event_id = p_event.id
      where w.run_id = p_run.id and w.step_id = v_wait.step_id and w.iteration = v_wait.iteration;
  end if;
end $$;

-- Looks whether the event that a step waits for is there: what came since the run began counts, unless another step of the
-- run has taken it. The caller holds the run's row.
create function durabase_private.seek_event(p_run durabase.task_runs, p_step text, p_iteration int) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_event durabase.events;
begin
  select e.* into v_event
    from durabase_private.event_waits w join durabase.events e
      on e.workspace_id = w.workspace_id and e.name = w.name and e.created_at >= p_run.created_at and e.data @> w.match
    where w.run_id = p_run.id and w.step_id = p_step and w.iteration = p_iteration and w.event_id is null
      and not exists (select from durabase_private.event_waits x where x.run_id = p_run.id and x.event_id = e.id)
    order by e.created_at, e.id limit 1;
  if v_event.id is not null then perform durabase_private.offer_event(p_run, v_event); end if;
end $$;

-- The actor of a run at this moment: work that a step does for a user checks the rights of now.
create function durabase_private.actor_of_run(p_run durabase.task_runs) returns durabase_private.actor
language sql stable set search_path = '' as $$
  select (p_run.actor_kind, p_run.actor_user_id, p_run.actor_name, p_run.actor_kind <> 'user')::durabase_private.actor
$$;

-- Starts a run for a step of another one, with the rights of that one's actor. Asked again, it finds the run that it started.
create function durabase_private.start_child(p_run durabase.task_runs, p_step text, p_iteration int, p_wait jsonb) returns uuid
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
  v_task := durabase_private.find_task(v_actor, p_wait ->> 'task', p_run.workspace_id, 'run');
  v_child := durabase_private.uuid_v7();
  perform durabase_private.accept_run(v_actor, v_child, v_task, coalesce(p_wait -> 'input', '{}'), null, (p_wait ->> 'priority')::int,
    null, 'call', 'run-' || v_child, false);
  insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id, iteration, is_waited, depth)
    values (v_child, p_run.id, p_run.workspace_id, 'child', p_step, p_iteration, (p_wait ->> 'isWaited')::boolean, v_depth);
  return v_child;
end $$;

create function durabase_private.child_output(p_child durabase.task_runs) returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('runId', p_child.id, 'state', p_child.state, 'output', coalesce(
    (select p.body from durabase_private.payloads p where p.id = (p_child.output_ref ->> 'payload')::uuid and p.run_id = p_child.id),
    p_child.output, 'null'));
end $$;

-- Ends the parent's step by how its child ended. The caller holds the parent's row.
create function durabase_private.take_child(p_run durabase.task_runs, p_step text, p_iteration int, p_child durabase.task_runs) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.end_waiting_step(p_run, p_step, p_iteration,
    case when p_child.state = 'completed' then 'completed' else 'failed' end,
    case when p_child.state = 'completed' then durabase_private.child_output(p_child) end,
    case when p_child.state <> 'completed' then jsonb_strip_nulls(jsonb_build_object('code', coalesce(p_child.error ->> 'code', 'STEP_FAILED'),
      'message', format('the run %s ended as %s%s', p_child.id, p_child.state, coalesce(': ' || (p_child.error ->> 'message'), '')),
      'stepId', p_step, 'data', jsonb_build_object('runId', p_child.id, 'state', p_child.state))) end);
end $$;

-- Lets the wait begin: what it waits for may be there already. The caller holds the run's row and has put the step.
-- {"kind": "event", "name", "match"} | {"kind": "child", "task", "input", "priority", "isWaited"} | {"kind": "external", "tokenHash"}
create function durabase_private.arm_wait(p_run durabase.task_runs, p_step text, p_iteration int, p_wait jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_child_id uuid;
  v_child durabase.task_runs;
begin
  case p_wait ->> 'kind'
    when 'event' then
      insert into durabase_private.event_waits (run_id, step_id, iteration, workspace_id, name, match)
        values (p_run.id, p_step, p_iteration, p_run.workspace_id, p_wait ->> 'name', coalesce(p_wait -> 'match', '{}'))
        on conflict (run_id, step_id, iteration) do update set name = excluded.name, match = excluded.match, event_id = null;
      perform durabase_private.seek_event(p_run, p_step, p_iteration);
      -- An event that commits just now sees this wait as little as this wait sees it: looked up again after both.
      insert into durabase_private.deeds (kind, run_id, step_id, iteration)
        select 'event-wait', w.run_id, w.step_id, w.iteration from durabase_private.event_waits w
        where w.run_id = p_run.id and w.step_id = p_step and w.iteration = p_iteration and w.event_id is null;
    when 'child' then
      v_child_id := durabase_private.start_child(p_run, p_step, p_iteration, p_wait);
      select * into v_child from durabase.task_runs r where r.id = v_child_id;
      if not (p_wait ->> 'isWaited')::boolean then
        perform durabase_private.end_waiting_step(p_run, p_step, p_iteration, 'completed',
          jsonb_build_object('runId', v_child.id, 'state', v_child.state, 'output', null), null);
      elsif v_child.finished_at is not null then
        perform durabase_private.take_child(p_run, p_step, p_iteration, v_child);
      else -- now that it has a name
        update durabase.task_runs set reason = durabase_private.derive_reason(p_run.id) where id = p_run.id and state = 'waiting';
      end if;
    when 'external' then
      if p_wait ->> 'tokenHash' is not null then
        insert into durabase_private.input_tokens (hash, run_id, step_id, iteration)
          values (decode(p_wait ->> 'tokenHash', 'hex'), p_run.id, p_step, p_iteration) on conflict (hash) do nothing;
      end if;
  end case;
end $$;

create or replace function durabase_private.begin_step(p_item jsonb) returns jsonb
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
  if v_step.epoch = v_epoch and v_step.state = 'waiting' and p_item ->> 'state' = 'waiting' then -- asked again: it waits already
    return jsonb_build_object('verdict', 'go', 'epoch', v_epoch);
  end if;
  perform durabase_private.put_step(v_run, v_epoch, p_item, v_attempt);
  perform durabase_private.follow_step(v_id, case when p_item ->> 'state' = 'waiting' then 'step.waiting' else 'step.started' end,
    p_item ->> 'stepId', v_iteration, v_attempt,
    case when p_item ? 'wakesAt' then jsonb_build_object('wakesAt', p_item ->> 'wakesAt') end);
  if p_item ? 'wait' then
    perform durabase_private.arm_wait(v_run, p_item ->> 'stepId', v_iteration, p_item -> 'wait');
    if exists (select from durabase.run_steps s where s.run_id = v_id and s.step_id = p_item ->> 'stepId' and s.iteration = v_iteration
      and s.finished_at is not null) then
      return jsonb_build_object('verdict', 'done', 'epoch', v_epoch);
    end if;
  end if;
  return jsonb_build_object('verdict', 'go', 'epoch', v_epoch);
end $$;

create or replace function durabase_private.write_steps(p_items jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_answers jsonb := '{}';
begin
  for v_item in select i, n from jsonb_array_elements(p_items) with ordinality u(i, n) order by i ->> 'runId', n loop
    v_answers := v_answers || jsonb_build_object(v_item.n::text, case v_item.i ->> 'op'
      when 'begin' then durabase_private.begin_step(v_item.i)
      when 'skip' then durabase_private.skip_step(v_item.i)
      else durabase_private.end_step(v_item.i) end);
  end loop;
  return (select jsonb_agg(v_answers -> n::text order by n) from generate_series(1, jsonb_array_length(p_items)) n);
end $$;

-- What a workflow looks up when it is woken: whether it shall pause, and which of the waits that it has open are over.
-- waits: [{"stepId", "iteration"}] → {"isPaused", "ended": [{"stepId", "iteration", "state", "error"}]}
create function durabase_private.read_control(p_run uuid, p_waits jsonb) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object(
    'isPaused', (select r.pause_requested_at is not null from durabase.task_runs r where r.id = p_run),
    'ended', coalesce((
      select jsonb_agg(jsonb_build_object('stepId', s.step_id, 'iteration', s.iteration, 'state', s.state, 'error', s.error))
      from jsonb_array_elements(p_waits) w
        join durabase.run_steps s on s.run_id = p_run and s.step_id = w ->> 'stepId' and s.iteration = (w ->> 'iteration')::int
      where s.finished_at is not null), '[]'));
end $$;

-- ── What others do to a run ───────────────────────────────────────────────────────────────────────────────────────────

-- Does the oldest deed that nobody else is at; false when there is none. Each has a transaction and locks of its own.
create function durabase_private.do_deed() returns boolean
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_deed durabase_private.deeds;
  v_run durabase.task_runs;
begin
  select * into v_deed from durabase_private.deeds d where d.due_at <= clock_timestamp() order by d.n limit 1 for update skip locked;
  if v_deed.n is null then return false; end if;
  begin
    case v_deed.kind
      when 'child-ended' then perform durabase_private.tell_parent(v_deed.run_id, v_deed.step_id, v_deed.iteration, v_deed.other_id);
      when 'cancel-child' then perform durabase_private.cancel_of_parent(v_deed.run_id, v_deed.other_id);
      when 'event' then perform durabase_private.spread_event(v_deed.other_id);
      when 'event-wait' then
        select * into v_run from durabase.task_runs r where r.id = v_deed.run_id for update;
        perform durabase_private.seek_event(v_run, v_deed.step_id, v_deed.iteration);
    end case;
    delete from durabase_private.deeds where n = v_deed.n;
  exception when others then
    -- the one that cannot be done does not stand in the way of the others
    update durabase_private.deeds set failure_count = failure_count + 1, problem = left(sqlerrm, 500),
        due_at = clock_timestamp() + least(failure_count + 1, 60) * interval '1 second'
      where n = v_deed.n;
    raise warning 'deed % (%) failed: %', v_deed.n, v_deed.kind, sqlerrm;
  end;
  return true;
end $$;

-- A child has ended: the step that waits for it goes on, unless it waits for a later one by now.
create function durabase_private.tell_parent(p_parent uuid, p_step text, p_iteration int, p_child uuid) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
  v_child durabase.task_runs;
begin
  select * into v_run from durabase.task_runs r where r.id = p_parent for update;
  select r.* into v_child
    from durabase.run_links l join durabase.task_runs r on r.id = l.run_id
    where l.parent_run_id = p_parent and l.step_id = p_step and l.iteration = p_iteration and l.kind = 'child'
    order by l.created_at desc, l.run_id desc limit 1;
  -- one that lives again, because it was reset, will end again
  if v_run.id is null or v_child.id is distinct from p_child or v_child.finished_at is null then return; end if;
  perform durabase_private.take_child(v_run, p_step, p_iteration, v_child);
end $$;

-- Gives an event to every run that waits for it, in the order of their ids.
create function durabase_private.spread_event(p_event uuid) returns void language plpgsql volatile set search_path = '' as $$
declare
  v_event durabase.events;
  v_id uuid;
  v_run durabase.task_runs;
begin
  select * into v_event from durabase.events e where e.id = p_event;
  for v_id in
    select distinct w.run_id
    from durabase_private.event_waits w join durabase.run_steps s using (run_id, step_id, iteration)
    where w.workspace_id = v_event.workspace_id and w.name = v_event.name and w.event_id is null
      and v_event.data @> w.match and s.state = 'waiting' order by w.run_id
  loop
    select * into v_run from durabase.task_runs r where r.id = v_id for update;
    if v_run.id is not null then perform durabase_private.offer_event(v_run, v_event); end if;
  end loop;
end $$;

-- Ends a child because its parent ended. It is asked like by cancel_run; the audit names the parent, whose own rows tell who ended it.
create function durabase_private.cancel_of_parent(p_run uuid, p_parent uuid) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
  v_queued durabase_private.run_queue;
  v_reason text := format('its parent %s ended', p_parent);
begin
  select * into v_queued from durabase_private.run_queue q where q.run_id = p_run for update;
  select * into v_run from durabase.task_runs r where r.id = p_run for update;
  if v_run.id is null or v_run.finished_at is not null or v_run.cancel_requested_at is not null then return; end if;
  update durabase.task_runs set cancel_requested_at = clock_timestamp(), cancel_reason = v_reason,
      event_seq = event_seq + 1, version = version + 1, updated_at = clock_timestamp()
    where id = p_run returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq, 'run.cancel-requested', p_data => jsonb_build_object('reason', v_reason));
  perform durabase_private.audit(('run', null, format('run %s', p_parent), true)::durabase_private.actor, v_run.workspace_id,
    'run.cancelled', 'run', p_run::text, jsonb_build_object('reason', v_reason));
  if v_queued.run_id is not null and v_queued.admitted_at is null and not v_queued.is_waiting_in_temporal then
    delete from durabase_private.run_queue where run_id = p_run;
    perform durabase_private.end_unopened_run(v_run, 'cancelled', jsonb_build_object('code', 'RUN_CANCELLED', 'message', v_reason));
    return;
  end if;
  insert into durabase_private.wishes (run_id, kind, epoch) values (p_run, 'cancel', v_run.epoch)
    on conflict (run_id, kind) do update set epoch = excluded.epoch, requested_at = now(), carried_until = null;
  perform durabase_private.tell_feeds(v_run);
end $$;

-- Whatever ends a run, in whichever way, concerns its parent and its children.
create function durabase_private.note_end_of_run() returns trigger
-- definer: fires under whoever may end a run
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into durabase_private.deeds (kind, run_id, step_id, iteration, other_id)
    select 'child-ended', l.parent_run_id, l.step_id, l.iteration, new.id
    from durabase.run_links l where l.run_id = new.id and l.kind = 'child' and l.is_waited;
  insert into durabase_private.deeds (kind, run_id, other_id)
    select 'cancel-child', l.run_id, new.id
    from durabase.run_links l join durabase.task_runs c on c.id = l.run_id
    where l.parent_run_id = new.id and l.kind = 'child' and l.is_waited and c.finished_at is null;
  delete from durabase_private.event_waits where run_id = new.id and event_id is null;
  delete from durabase_private.input_tokens where run_id = new.id;
  return null;
end $$;
create trigger task_runs_note_end after update of finished_at on durabase.task_runs
  for each row when (old.finished_at is null and new.finished_at is not null) execute function durabase_private.note_end_of_run();

-- ── Admission ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Keys whose permits an ancestor holds that waits for this run: it would wait for ever if the child needed its own.
create function durabase_private.inherited_keys(p_run uuid) returns text[] language sql stable set search_path = '' as $$
  with recursive ancestors as (
    select l.parent_run_id from durabase.run_links l where l.run_id = p_run and l.kind = 'child' and l.is_waited
    union
    select l.parent_run_id from ancestors a join durabase.run_links l on l.run_id = a.parent_run_id and l.kind = 'child' and l.is_waited
  )
  select coalesce(array_agg(distinct p.key), '{}') from ancestors a join durabase_private.permits p on p.run_id = a.parent_run_id
$$;

create or replace function durabase_private.take_permits(p_run uuid, p_limits jsonb) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_limit record;
  v_slot int;
  v_keys text[] := '{}';
  v_slots int[] := '{}';
  v_inherited text[] := durabase_private.inherited_keys(p_run);
begin
  for v_limit in
    select l ->> 'key' as key, min((l ->> 'limit')::int) as size from jsonb_array_elements(p_limits) l
    where l ->> 'key' <> all (v_inherited) group by 1 order by 1
  loop
    if not pg_try_advisory_xact_lock(durabase_private.lock_key(v_limit.key)) then return ''; end if;
    select s into v_slot from generate_series(1, v_limit.size) s
      where not exists (select from durabase_private.permits p where p.key = v_limit.key and p.slot = s)
        -- holders that came under a higher limit count too
        and (select count(*) from durabase_private.permits p where p.key = v_limit.key) < v_limit.size
      limit 1;
    if v_slot is null then return v_limit.key; end if;
    v_keys := v_keys || v_limit.key;
    v_slots := v_slots || v_slot;
  end loop;
  insert into durabase_private.permits (key, slot, run_id) select k, s, p_run from unnest(v_keys, v_slots) u(k, s);
  return null;
end $$;

create or replace function durabase_private.admit(p_limit int, p_claim_ms int) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_room int := p_limit - (select count(*) from durabase_private.run_queue q where q.claimed_until > v_now);
  v_row record;
  v_run durabase.task_runs;
  v_blocked text;
  v_admitted uuid[] := '{}';
begin
  -- Nobody waits for the disk: an admission that a crash of the server forgets is made again, and open_run, whose own commit waits,
  -- lets no run go on without its permits.
  perform set_config('synchronous_commit', 'off', true);
  if v_room > 0 then
    for v_row in
      select q.* from durabase_private.run_queue q
      where q.blocked_key is null and not q.needs_check and q.ready_at <= v_now
        and (q.claimed_until is null or q.claimed_until <= v_now)
      order by q.is_sync desc, q.priority, q.position limit v_room for update skip locked
    loop
      if v_row.admitted_at is null and v_row.expires_at <= v_now then
        select * into v_run from durabase.task_runs r where r.id = v_row.run_id for update;
        if v_run.finished_at is null then
          perform durabase_private.end_unopened_run(v_run, 'expired',
            jsonb_build_object('code', 'RUN_EXPIRED', 'message', 'not started within its time-to-live'));
        end if;
        if not v_row.is_waiting_in_temporal then
          delete from durabase_private.run_queue where run_id = v_row.run_id;
          continue;
        end if;
      elsif v_row.admitted_at is null and v_row.limits <> '[]' then
        v_blocked := durabase_private.take_permits(v_row.run_id, v_row.limits);
        if v_blocked = '' then continue; end if;
        if v_blocked is not null then
          update durabase_private.run_queue set blocked_key = v_blocked where run_id = v_row.run_id;
          perform durabase_private.hold_run(v_row.run_id, v_blocked, v_row.limits);
          continue;
        end if;
        insert into durabase_private.run_limits (run_id, limits) values (v_row.run_id, v_row.limits) on conflict (run_id) do nothing;
      end if;
      v_admitted := v_admitted || v_row.run_id;
    end loop;
    update durabase_private.run_queue q
      set admitted_at = coalesce(q.admitted_at, v_now), claimed_until = v_now + p_claim_ms * interval '1 millisecond'
      where q.run_id = any (v_admitted);
  end if;
  return jsonb_build_object(
    'runs', coalesce((
      select jsonb_agg(jsonb_build_object('runId', r.id, 'workflowId', r.workflow_id, 'workspaceId', r.workspace_id,
        'taskSlug', t.slug, 'taskName', t.name, 'signal', q.is_waiting_in_temporal) order by array_position(v_admitted, r.id))
      from durabase.task_runs r join durabase.tasks t on t.id = r.task_id
        join durabase_private.run_queue q on q.run_id = r.id
      where r.id = any (v_admitted)), '[]'),
    'unchecked', exists (select from durabase_private.run_queue q where q.needs_check and q.ready_at <= v_now),
    'wishes', exists (select from durabase_private.wishes w where w.carried_until is null or w.carried_until < v_now),
    'deeds', exists (select from durabase_private.deeds d where d.due_at <= v_now),
    'drafts', exists (select from durabase.task_versions v where v.state = 'draft'));
end $$;

-- ── Opening ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What is in hand of an open run, for the execution that goes on with it: {"done": {step: state}, "isPaused"}; the key is
-- left out where there is nothing to say.
create function durabase_private.in_hand(p_run durabase.task_runs, p_epoch int) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_done jsonb := '{}';
begin
  if exists (select from durabase.run_steps s where s.run_id = p_run.id) then
    v_done := durabase_private.done_steps(p_run.id, (
      select e.base_epoch from durabase_private.executions e where e.run_id = p_run.id and e.epoch = p_epoch));
  end if;
  return case when v_done = '{}' then '{}' else jsonb_build_object('done', v_done) end
    || case when p_run.pause_requested_at is null then '{}'::jsonb else '{"isPaused": true}'::jsonb end;
end $$;

create or replace function durabase_private.open_run(p_item jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_run durabase.task_runs;
  v_was durabase.task_runs;
  v_epoch int;
  v_step jsonb;
  v_steps jsonb;
  v_ordinal int := 0;
  v_in_hand jsonb;
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
  -- this very execution asks again, or goes on where another one left
  if v_run.started_at is not null and v_queued.run_id is null and (v_epoch = 1 or exists (
    select from durabase_private.executions e where e.run_id = v_id and e.epoch = v_epoch and e.opened_at is not null)) then
    return jsonb_build_object('verdict', case when v_run.cancel_requested_at is null then 'go' else 'cancel' end,
      'epoch', v_epoch, 'deadlineAt', v_run.deadline_at) || durabase_private.in_hand(v_run, v_epoch);
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

  if v_epoch > 1 then -- it begins anew: nothing that was done before counts, but what was kept from another run
    update durabase_private.executions set base_epoch = v_epoch, opened_at = clock_timestamp() where temporal_run_id = p_item ->> 'temporalRunId';
  end if;
  v_in_hand := durabase_private.in_hand(v_run, v_epoch);
  v_steps := case when v_in_hand ? 'isPaused' then '[]'
    when v_in_hand ? 'done' then coalesce((select jsonb_agg(s) from jsonb_array_elements(p_item -> 'steps') s
      where not v_in_hand -> 'done' ? (s ->> 'stepId')), '[]')
    else p_item -> 'steps' end;
  for v_step in select s from jsonb_array_elements(v_steps) s loop
    perform durabase_private.put_step(v_run, v_epoch, v_step, 1);
  end loop;
  update durabase.task_runs set
      state = durabase_private.derive_state(v_id), reason = durabase_private.derive_reason(v_id), started_at = clock_timestamp(),
      deadline_at = clock_timestamp() + v_deadline_ms * interval '1 millisecond',
      event_seq = event_seq + 1 + jsonb_array_length(v_steps), version = version + 1, updated_at = clock_timestamp()
    where id = v_id returning * into v_run;
  perform durabase_private.emit(v_run, v_run.event_seq - jsonb_array_length(v_steps), 'run.running');
  for v_step in select s from jsonb_array_elements(v_steps) s loop
    v_ordinal := v_ordinal + 1;
    perform durabase_private.emit(v_run, v_run.event_seq - jsonb_array_length(v_steps) + v_ordinal, 'step.started', v_step ->> 'stepId', 0, 1);
  end loop;
  perform durabase_private.tell_feeds(v_run);
  return jsonb_build_object('verdict', case when v_run.cancel_requested_at is null then 'go' else 'cancel' end,
    'epoch', v_epoch, 'deadlineAt', v_run.deadline_at) || v_in_hand;
end $$;

-- ── Reconciling ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- As before; an execution that goes on in place of one that has left is no reset.
create or replace function durabase_private.reconcile_one(p_item jsonb) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := (p_item ->> 'runId')::uuid;
  v_status text := p_item ->> 'status';
  v_temporal_run text := p_item ->> 'temporalRunId';
  v_run durabase.task_runs;
  v_epoch int;
  v_is_seen boolean;
  v_goes_on boolean;
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
  v_goes_on := v_run.finished_at is null and exists (
    select from durabase_private.executions e where e.run_id = v_id and e.epoch = v_run.epoch and e.left_at is not null);
  v_epoch := durabase_private.claim_epoch(v_run, v_temporal_run, p_item ->> 'firstRunId');
  if v_epoch = 0 or v_epoch < v_run.epoch then return 'same'; end if;
  if not v_is_seen and v_epoch > 1 and not v_goes_on then
    perform durabase_private.note_drift('reset', v_run, p_item ->> 'workflowId', v_temporal_run, v_status, true, 'the run was reset in Temporal');
  end if;
  if v_fitting is null then return case when v_is_seen or v_goes_on then 'same' else 'mended' end; end if;

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

-- ── States ────────────────────────────────────────────────────────────────────────────────────────────────────────────

create or replace function durabase_private.derive_state(p_run uuid) returns text language plpgsql stable set search_path = '' as $$
begin
  return (
  select case
      when bool_or(s.state = 'running') then 'running'
      when (select r.pause_requested_at from durabase.task_runs r where r.id = p_run) is not null then 'paused'
      when bool_or(s.state = 'retrying') then 'retrying'
      when bool_or(s.state = 'awaiting_input') then 'awaiting_input'
      when bool_or(s.state = 'waiting') then 'waiting'
      else 'running' end
    from durabase.run_steps s
    where s.run_id = p_run and s.state in ('running', 'retrying', 'awaiting_input', 'waiting') and s.iteration >= 0
  );
end $$;

create or replace function durabase_private.derive_reason(p_run uuid) returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_state text := durabase_private.derive_state(p_run);
begin
  if v_state = 'paused' then
    return (select jsonb_strip_nulls(jsonb_build_object('code', 'PAUSED', 'message', 'paused' || coalesce(': ' || r.pause_reason, '')))
      from durabase.task_runs r where r.id = p_run);
  end if;
  return (
  select case s.state
      when 'retrying' then jsonb_strip_nulls(jsonb_build_object('code', 'RETRYING', 'message', 'waits for the next attempt of ' || s.step_id,
        'error', s.error, 'nextAttemptAt', s.next_attempt_at))
      when 'waiting' then jsonb_strip_nulls(case s.action
        when 'sleep' then jsonb_build_object('code', 'SLEEPING', 'message', s.step_id || ' sleeps', 'wakesAt', s.wakes_at)
        when 'wait-for-event' then jsonb_build_object('code', 'WAITING_FOR_EVENT', 'message',
          format('%s waits for the event %s', s.step_id, s.input ->> 'event'), 'event', s.input -> 'event', 'wakesAt', s.wakes_at)
        when 'run-task' then jsonb_build_object('code', 'WAITING_FOR_RUN', 'message', format('%s waits for its run of %s', s.step_id, s.input ->> 'task'),
          'runId', (select l.run_id from durabase.run_links l where l.parent_run_id = p_run and l.step_id = s.step_id
            and l.iteration = s.iteration and l.kind = 'child' order by l.created_at desc limit 1), 'wakesAt', s.wakes_at)
        else jsonb_build_object('code', 'WAITING', 'message', s.step_id || ' waits to be completed from outside', 'wakesAt', s.wakes_at) end)
      end
    from durabase.run_steps s
    where s.run_id = p_run and s.state = v_state and s.iteration >= 0
      and s.state in ('retrying', 'waiting') -- said so that the index of the open ones can answer
    order by coalesce(s.next_attempt_at, s.wakes_at), s.step_id, s.iteration limit 1
  );
end $$;

create or replace function durabase_private.sequence_changes(p_limit int default 2000) returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_numbered record;
  v_message record;
begin
  if not pg_try_advisory_xact_lock(7220001) then return -1; end if;
  v_numbered := durabase_private.number_changes(p_limit);
  for v_message in select e.workspace_id, e.epoch from durabase_private.raise_epochs() e loop
    perform realtime.send('{}', 'moved', format('durabase:moves:%s:%s', v_message.workspace_id, v_message.epoch - 1), true);
  end loop;
  if v_numbered.taken_count = 0 then return 0; end if;
  for v_message in select m.* from durabase_private.feed_messages(v_numbered.before_position) m loop
    perform realtime.send(v_message.payload, v_message.event, v_message.topic, true);
  end loop;
  perform pg_notify('durabase_changes', (select s.last_value from durabase_private.changes_position_seq s)::text);
  if exists (select from durabase_private.wishes w where w.carried_until is null) or exists (
    select from durabase_private.deeds d where d.due_at <= clock_timestamp()
  ) or exists (
    select from durabase_private.changes c
    where c.position > v_numbered.before_position and (c.kind = 'task' or (c.kind = 'run' and c.version = 1))
  ) then
    perform pg_notify('durabase_work', '');
  end if;
  return v_numbered.taken_count;
end $$;

do $$ declare t text; begin
  for t in select unnest('{loop_items,deeds,event_waits,input_tokens}'::text[]) loop
    execute format('alter table durabase_private.%I enable row level security', t);
  end loop;
end $$;
alter publication supabase_realtime add table durabase.events, durabase.run_links;

revoke execute on function durabase_private.leave_run(uuid, text), durabase_private.done_steps(uuid, int),
  durabase_private.reopen_loop(uuid, text, int), durabase_private.rest_of_loop(durabase.run_steps),
  durabase_private.gather_outputs(uuid, text), durabase_private.open_loop(jsonb), durabase_private.close_loop(jsonb), durabase_private.skip_step(jsonb), durabase_private.wish_wake(durabase.task_runs),
  durabase_private.forget_wakes(uuid[], timestamptz[]), durabase_private.claim_wishes(int),
  durabase_private.end_waiting_step(durabase.task_runs, text, int, text, jsonb, jsonb), durabase_private.event_output(durabase.events),
  durabase_private.offer_event(durabase.task_runs, durabase.events), durabase_private.seek_event(durabase.task_runs, text, int),
  durabase_private.actor_of_run(durabase.task_runs), durabase_private.start_child(durabase.task_runs, text, int, jsonb),
  durabase_private.child_output(durabase.task_runs), durabase_private.take_child(durabase.task_runs, text, int, durabase.task_runs),
  durabase_private.arm_wait(durabase.task_runs, text, int, jsonb), durabase_private.read_control(uuid, jsonb), durabase_private.do_deed(),
  durabase_private.tell_parent(uuid, text, int, uuid), durabase_private.spread_event(uuid),
  durabase_private.cancel_of_parent(uuid, uuid), durabase_private.note_end_of_run(), durabase_private.inherited_keys(uuid),
  durabase_private.in_hand(durabase.task_runs, int) from public;
grant execute on function durabase_private.leave_run(uuid, text), durabase_private.open_loop(jsonb), durabase_private.close_loop(jsonb),
  durabase_private.forget_wakes(uuid[], timestamptz[]), durabase_private.claim_wishes(int), durabase_private.read_control(uuid, jsonb),
  durabase_private.do_deed() to durabase_engine;
