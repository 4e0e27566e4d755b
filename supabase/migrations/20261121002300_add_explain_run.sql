-- What people ask about a run that they operate: why it stands where it stands, where it comes from, how far its loops are.

create index events_page_idx on durabase.events (workspace_id, id); -- ids sort by time

-- Whether the actor sees this run, as its policy says it. For definer bodies.
create function durabase_private.may_see_run(p_actor durabase_private.actor, p_run durabase.task_runs) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_run.id is not null and (
    durabase_private.sees_all_runs(p_actor, p_run.workspace_id, p_run.task_id)
    or (p_actor.kind = 'user' and p_run.actor_user_id is not distinct from p_actor.user_id
        and durabase_private.has_right(p_actor, 'view', p_run.workspace_id, p_run.task_id)));
end $$;

-- A time in the one form that the API uses: UTC, milliseconds.
create function durabase_private.moment(p_at timestamptz) returns text language sql immutable set search_path = '' as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The permits of one key: how many there are, and which runs hold them, as far as the actor sees those.
create function durabase_private.explain_permits(p_actor durabase_private.actor, p_queued durabase_private.run_queue) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object('label', l.label, 'limit', l.size,
      'heldCount', (select count(*) from durabase_private.permits p where p.key = p_queued.blocked_key),
      'holders', coalesce((
        select jsonb_agg(jsonb_build_object('runId', h.id, 'state', h.state, 'takenAt', durabase_private.moment(h.taken_at)) order by h.taken_at, h.id)
        from (
          select r.id, r.state, p.taken_at from durabase_private.permits p join durabase.task_runs r on r.id = p.run_id
          where p.key = p_queued.blocked_key and durabase_private.may_see_run(p_actor, r) order by p.taken_at, r.id limit 20) h), '[]'))
    from (
      select min(l ->> 'label') as label, min((l ->> 'limit')::int) as size
      from jsonb_array_elements(p_queued.limits) l where l ->> 'key' = p_queued.blocked_key) l);
end $$;

-- How many of those that wait for the same stand before it, and 1; null while it is not its turn. Counted to 10,000.
create function durabase_private.place_in_queue(p_queued durabase_private.run_queue) returns int
language plpgsql stable set search_path = '' as $$
begin
  if p_queued.admitted_at is not null or p_queued.needs_check or p_queued.ready_at > clock_timestamp() then return null; end if;
  return 1 + (select count(*) from (
    select from durabase_private.run_queue q
    where q.blocked_key is not distinct from p_queued.blocked_key and not q.needs_check and q.admitted_at is null
      and q.ready_at <= clock_timestamp()
      and (not q.is_sync, q.priority, q.position) < (not p_queued.is_sync, p_queued.priority, p_queued.position) limit 10000) before);
end $$;

-- What the open steps of a run wait for, the earliest first.
create function durabase_private.explain_waits(p_actor durabase_private.actor, p_run uuid, p_limit int) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
        'kind', w.kind, 'stepId', w.step_id, 'iteration', w.iteration, 'until', durabase_private.moment(w.until),
        'message', w.step_id || case w.kind
          when 'retry' then format(' waits for its attempt %s', w.attempt + 1)
          when 'input' then ' waits for the answer of a person'
          when 'sleep' then ' sleeps'
          when 'event' then ' waits for the event ' || w.event
          when 'run' then coalesce(' waits for the run ' || (w.child).id, ' waits for its run')
          else ' waits to be completed from outside' end,
        'event', w.event, 'match', w.match, 'error', w.error, 'tokenCount', w.token_count,
        'runId', case when durabase_private.may_see_run(p_actor, w.child) then (w.child).id end,
        'runState', case when durabase_private.may_see_run(p_actor, w.child) then (w.child).state end
      ) order by w.until, w.step_id, w.iteration), '[]')
    from (
      select s.step_id, s.iteration, s.attempt, coalesce(s.next_attempt_at, s.wakes_at) as until,
        case when s.state = 'retrying' then 'retry' when s.state = 'awaiting_input' then 'input'
          when s.action = 'sleep' then 'sleep' when s.action = 'wait-for-event' then 'event' when s.action = 'run-task' then 'run'
          else 'external' end as kind,
        case when s.state = 'waiting' then e.name end as event, case when s.state = 'waiting' then e.match end as match,
        case when s.state = 'retrying' then s.error end as error,
        (select count(*) from durabase_private.input_tokens t
          where t.run_id = s.run_id and t.step_id = s.step_id and t.iteration = s.iteration) as token_count,
        (select c from durabase.run_links l join durabase.task_runs c on c.id = l.run_id
          where s.state = 'waiting' and l.parent_run_id = s.run_id and l.step_id = s.step_id and l.iteration = s.iteration and l.kind = 'child'
          order by l.created_at desc, l.run_id desc limit 1) as child
      from durabase.run_steps s
        left join durabase_private.event_waits e on e.run_id = s.run_id and e.step_id = s.step_id and e.iteration = s.iteration
      where s.run_id = p_run and s.state in ('waiting', 'awaiting_input', 'retrying') and s.iteration >= 0
      order by until, s.step_id, s.iteration limit p_limit) w);
end $$;

-- One sentence out of the facts.
create function durabase_private.sum_up(p_run durabase.task_runs, p_facts jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_queue jsonb := nullif(p_facts -> 'queue', 'null');
  v_rule jsonb := nullif(v_queue -> 'heldBy', 'null');
  v_workers int := (v_queue ->> 'workerCount')::int;
  v_count int := (p_facts ->> 'waitCount')::int;
begin
  return case
    when p_run.finished_at is not null then 'it has ended: ' || p_run.state || coalesce(', ' || (p_run.error ->> 'message'), '')
    when p_run.cancel_requested_at is not null then
      concat('it is about to end: cancelled', ' by ' || (p_facts #>> '{cancel,by}'), ': ' || p_run.cancel_reason)
    when p_run.state = 'paused' then concat('paused', ' by ' || (p_facts #>> '{pause,by}'), ': ' || p_run.pause_reason)
    when p_run.stalled_at is not null then 'it does not go on: ' || p_run.stalled_reason
    when v_rule is not null then format('waits for a permit: %s; %s of %s taken, number %s in line',
      v_rule ->> 'label', v_rule ->> 'heldCount', v_rule ->> 'limit', coalesce(v_queue ->> 'place', '?'))
    when v_queue is not null and p_run.state = 'scheduled' and p_run.run_at > clock_timestamp() then
      'starts at ' || durabase_private.moment(p_run.run_at)
    when v_queue is not null and v_workers = 0 then 'waits for a worker: none is polling'
    when v_queue is not null and not (v_queue ->> 'isChecked')::boolean then 'waits for a worker to look at its input'
    when v_queue is not null and (v_queue ->> 'isAdmitted')::boolean then 'is being started'
    when v_queue is not null then format('waits for its turn: number %s in line', v_queue ->> 'place')
    when p_run.pause_requested_at is not null then 'pauses as soon as what is under way has ended'
    when v_count > 0 and p_run.state <> 'running' then
      concat(p_facts #>> '{waits,0,message}', ' until ' || (p_facts #>> '{waits,0,until}'), case when v_count > 1 then format(', and %s more', v_count - 1) end)
    else 'steps are being executed' end;
end $$;

create function durabase_private.explain_run(p_run uuid) returns jsonb
-- definer: queue, permits and waits are internal; the run decides who may ask, and of others only visible ones are named
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_run durabase.task_runs;
  v_queued durabase_private.run_queue;
  v_facts jsonb;
  v_by text[];
begin
  select * into v_run from durabase.task_runs r where r.id = p_run;
  if not durabase_private.may_see_run(v_actor, v_run) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', 'check the id and the account', 'run');
  end if;
  if v_run.finished_at is null then
    select * into v_queued from durabase_private.run_queue q where q.run_id = p_run;
    v_by := array(
      select (select e.data ->> 'by' from durabase.run_events e where e.run_id = p_run and e.kind = k order by e.seq desc limit 1)
      from unnest('{run.paused,run.cancel-requested}'::text[]) with ordinality u (k, n) order by n);
  end if;
  v_facts := jsonb_build_object(
    'queue', case when v_queued.run_id is not null then jsonb_build_object(
      'place', durabase_private.place_in_queue(v_queued), 'isChecked', not v_queued.needs_check, 'isAdmitted', v_queued.admitted_at is not null,
      'runAt', durabase_private.moment(v_run.run_at), 'expiresAt', durabase_private.moment(v_queued.expires_at),
      'workerCount', (select count(*) from durabase_private.workers w where w.is_polling and w.seen_at > clock_timestamp() - interval '20 seconds'),
      'heldBy', case when v_queued.blocked_key is not null then durabase_private.explain_permits(v_actor, v_queued) end) end,
    'waits', case when v_run.finished_at is null then durabase_private.explain_waits(v_actor, p_run, 100) else '[]' end,
    'waitCount', case when v_run.finished_at is null then (
      select count(*) from durabase.run_steps s
      where s.run_id = p_run and s.state in ('waiting', 'awaiting_input', 'retrying') and s.iteration >= 0) else 0 end,
    'pause', case when v_run.finished_at is null and v_run.pause_requested_at is not null then jsonb_build_object(
      'at', durabase_private.moment(v_run.pause_requested_at), 'reason', v_run.pause_reason, 'by', v_by[1]) end,
    'cancel', case when v_run.finished_at is null and v_run.cancel_requested_at is not null then jsonb_build_object(
      'at', durabase_private.moment(v_run.cancel_requested_at), 'reason', v_run.cancel_reason, 'by', v_by[2]) end,
    'stalled', case when v_run.stalled_at is not null then jsonb_build_object(
      'at', durabase_private.moment(v_run.stalled_at), 'reason', v_run.stalled_reason) end);
  return jsonb_build_object('runId', v_run.id, 'state', v_run.state, 'summary', durabase_private.sum_up(v_run, v_facts)) || v_facts;
end $$;

-- Why a run stands where it stands: {"summary", "queue": {"place", "heldBy": {"label", "holders"}}, "waits": [{"kind", "stepId",
-- "event", "runId", "until"}], "pause": {"at", "by", "reason"}, …}. Of other runs it names those that the caller sees.
create function durabase.explain_run(run uuid) returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return durabase_private.explain_run(run);
end $$;

-- Where a run comes from, and what came from it, the oldest first; `relation` says what the other run is to this one.
-- after_at and after_id are created_at and run_id of the last row of the page before.
create function durabase.list_links(run uuid, after_at timestamptz default null, after_id uuid default null, page_limit int default 50)
returns table (relation text, run_id uuid, task_id uuid, state text, step_id text, iteration int, is_waited boolean, created_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from durabase.task_runs r where r.id = run) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', 'check the id and the account', 'run');
  end if;
  return query
    select x.relation, x.other, r.task_id, r.state, x.step_id, x.iteration, x.is_waited, x.created_at
    from (
      select case l.kind when 'child' then 'parent' when 'fork' then 'forked_from' when 'retry' then 'retried_from' else 'rerun_of' end as relation,
        l.parent_run_id as other, l.step_id, l.iteration, l.is_waited, l.created_at
      from durabase.run_links l where l.run_id = run
      union all
      select l.kind, l.run_id, l.step_id, l.iteration, l.is_waited, l.created_at from durabase.run_links l where l.parent_run_id = run
    ) x join durabase.task_runs r on r.id = x.other
    where after_at is null or (x.created_at, x.other) > (after_at, after_id)
    order by x.created_at, x.other limit least(greatest(coalesce(page_limit, 50), 1), 1000);
end $$;

-- How far each loop of a run has come: iterations in all, those that ended well or were skipped, those that ended badly.
create function durabase.loop_progress(run uuid) returns table (step_id text, total int, done int, failed int)
language sql stable set search_path = '' as $$
  select l.step_id, (l.input ->> 'count')::int,
    (count(*) filter (where s.state in ('completed', 'skipped')))::int,
    (count(*) filter (where s.state in ('failed', 'timed_out', 'cancelled')))::int
  from durabase.run_steps l
    left join durabase.run_steps s on s.run_id = l.run_id and s.step_id = l.step_id and s.iteration >= 0 and s.finished_at >= l.started_at
  where l.run_id = $1 and l.iteration = -1 and l.input ? 'count'
  group by l.step_id, l.input
$$;

revoke execute on function durabase_private.may_see_run(durabase_private.actor, durabase.task_runs), durabase_private.moment(timestamptz),
  durabase_private.explain_permits(durabase_private.actor, durabase_private.run_queue),
  durabase_private.place_in_queue(durabase_private.run_queue), durabase_private.explain_waits(durabase_private.actor, uuid, int),
  durabase_private.sum_up(durabase.task_runs, jsonb), durabase_private.explain_run(uuid), durabase.explain_run(uuid),
  durabase.list_links(uuid, timestamptz, uuid, int), durabase.loop_progress(uuid) from public;
grant execute on function durabase_private.explain_run(uuid), durabase.explain_run(uuid),
  durabase.list_links(uuid, timestamptz, uuid, int), durabase.loop_progress(uuid) to authenticated, service_role;
