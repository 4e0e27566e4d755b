-- Which queued runs may start now. Every worker asks; rows are claimed with skip locked.
-- Locks are taken in one order everywhere: queue row, permit key, run row, step row.

create function durabase_private.lock_key(p_key text) returns bigint language sql immutable set search_path = '' as $$
  select hashtextextended(p_key, 7220002)
$$;

-- Taken first by whoever writes several runs, in the order of the runs, so that two batches never wait for each other in a circle.
create function durabase_private.lock_queue(p_runs uuid[]) returns void language plpgsql volatile set search_path = '' as $$
begin
  perform q.run_id from durabase_private.run_queue q where q.run_id = any (p_runs) order by q.run_id for update;
end $$;

-- Taken second, by whoever may free permits: the keys of all that these runs hold, sorted.
create function durabase_private.lock_permits(p_runs uuid[]) returns void language plpgsql volatile set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(k.lock) from (
    select distinct durabase_private.lock_key(p.key) as lock from durabase_private.permits p
    where p.run_id = any (p_runs) order by 1 offset 0) k;
end $$;

-- Takes every permit of the list, or none: returns the key that is not free, '' when somebody else is at a key right now,
-- null when all were taken. Keys come sorted, so that two takers never wait for each other.
create function durabase_private.take_permits(p_run uuid, p_limits jsonb) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_limit record;
  v_slot int;
  v_keys text[] := '{}';
  v_slots int[] := '{}';
begin
  for v_limit in
    select l ->> 'key' as key, min((l ->> 'limit')::int) as size from jsonb_array_elements(p_limits) l group by 1 order by 1
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

-- Frees what the run holds and lets the next of each queue try again.
create function durabase_private.free_permits(p_run uuid) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_key text;
begin
  for v_key in select p.key from durabase_private.permits p where p.run_id = p_run order by durabase_private.lock_key(p.key) loop
    perform pg_advisory_xact_lock(durabase_private.lock_key(v_key));
    delete from durabase_private.permits where run_id = p_run and key = v_key;
    perform durabase_private.unblock_next(v_key, 1);
  end loop;
end $$;

create function durabase_private.unblock_next(p_key text, p_count int) returns void
language plpgsql volatile set search_path = '' as $$
begin
  update durabase_private.run_queue set blocked_key = null
  where run_id in (
    select q.run_id from durabase_private.run_queue q where q.blocked_key = p_key
    order by q.is_sync desc, q.priority, q.position limit p_count for update skip locked);
end $$;

-- Due runs whose input schema or key expression a worker must look at first; held until its transaction ends.
create function durabase_private.claim_unchecked(p_limit int)
returns table (run_id uuid, workspace_id uuid, task_id uuid, version_id uuid, input jsonb)
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  with due as (
    select q.run_id, q.is_sync, q.priority, q.position from durabase_private.run_queue q
    where q.needs_check and q.blocked_key is null and q.ready_at <= clock_timestamp()
    order by q.is_sync desc, q.priority, q.position limit p_limit for update skip locked)
  select r.id, r.workspace_id, r.task_id, r.version_id, r.input
  from due join durabase.task_runs r on r.id = due.run_id order by due.is_sync desc, due.priority, due.position
$$;

-- What the worker found: [{"runId", "limits": [{"key", "limit", "label"}]} or {"runId", "error": {"code", "message", …}}]
create function durabase_private.mark_checked(p_items jsonb) returns void
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_item record;
  v_run durabase.task_runs;
begin
  for v_item in
    select (i ->> 'runId')::uuid as run_id, i -> 'limits' as limits, coalesce(i -> 'error',
      -- keys stand in indexes, and one that does not fit there would stop the admission of all
      (select jsonb_build_object('code', 'INVALID_INPUT', 'message', 'a concurrency key may have at most 500 characters')
        from jsonb_array_elements(i -> 'limits') l where length(l ->> 'key') > 500 limit 1)) as error
    from jsonb_array_elements(p_items) i order by 1
  loop
    update durabase_private.run_queue q set needs_check = false,
        limits = case when v_item.error is null then q.limits || v_item.limits else '[]' end -- an ended run takes no permits
      where q.run_id = v_item.run_id and q.needs_check;
    if not found then continue; end if; -- somebody else has looked at it
    if v_item.error is null then
      insert into durabase_private.run_limits (run_id, limits)
        select q.run_id, q.limits from durabase_private.run_queue q where q.run_id = v_item.run_id and q.limits <> '[]'
        on conflict (run_id) do update set limits = excluded.limits;
    else
      select * into v_run from durabase.task_runs r where r.id = v_item.run_id for update;
      if v_run.finished_at is null then
        delete from durabase_private.run_queue q where q.run_id = v_item.run_id and not q.is_waiting_in_temporal;
        perform durabase_private.end_unopened_run(v_run, 'failed', v_item.error);
      end if;
    end if;
  end loop;
end $$;

-- Admits due runs in order and claims them for the caller, who starts them in Temporal.
-- p_limit bounds how many may be between admission and opening at a time, over all workers.
-- returns {"runs": [{"runId", "workflowId", "workspaceId", "taskSlug", "taskName", "signal": bool}]} and what else is to do:
-- "unchecked", "wishes", "drafts"
create function durabase_private.admit(p_limit int, p_claim_ms int) returns jsonb
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
    'drafts', exists (select from durabase.task_versions v where v.state = 'draft'));
end $$;

-- Says on the run's row why it may not start. The permit's holders are looked up by `explain`, not copied here.
create function durabase_private.hold_run(p_run uuid, p_key text, p_limits jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_run durabase.task_runs;
  v_label text := (select l ->> 'label' from jsonb_array_elements(p_limits) l where l ->> 'key' = p_key);
begin
  update durabase.task_runs set state = 'queued', version = version + 1, updated_at = clock_timestamp(),
      reason = jsonb_build_object('code', 'LIMIT_REACHED', 'message', 'waits for a permit: ' || v_label)
    where id = p_run and finished_at is null returning * into v_run;
  if v_run.id is not null then perform durabase_private.tell_feeds(v_run); end if;
end $$;

-- The claim of a run that could not be started ends now, so that the next pass tries again.
create function durabase_private.unclaim(p_runs uuid[]) returns void
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  update durabase_private.run_queue set claimed_until = clock_timestamp() + interval '1 second' where run_id = any (p_runs)
$$;

-- A net under the unblocking at release: permits of ended runs are freed, and whoever is blocked although a slot is free, or
-- beyond its time-to-live, may try again. Returns how many ended runs still held one, which must be 0.
create function durabase_private.unblock_stale() returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key record;
  v_run uuid;
  v_ended uuid[] := array(
    select distinct p.run_id from durabase_private.permits p join durabase.task_runs r on r.id = p.run_id
    where r.finished_at is not null order by 1);
begin
  perform durabase_private.lock_permits(v_ended);
  foreach v_run in array v_ended loop
    perform durabase_private.free_permits(v_run);
  end loop;
  update durabase_private.run_queue set blocked_key = null where run_id in (
    select q.run_id from durabase_private.run_queue q
    where q.blocked_key is not null and q.expires_at <= clock_timestamp() for update skip locked);
  for v_key in
    select q.blocked_key as key, max((l ->> 'limit')::int) as size,
      (select count(*) from durabase_private.permits p where p.key = q.blocked_key) as held
    from durabase_private.run_queue q, jsonb_array_elements(q.limits) l
    where q.blocked_key is not null and l ->> 'key' = q.blocked_key
    group by q.blocked_key
  loop
    if v_key.held < v_key.size then
      perform durabase_private.unblock_next(v_key.key, (v_key.size - v_key.held)::int);
    end if;
  end loop;
  return cardinality(v_ended);
end $$;

-- Wishes that nobody is carrying to Temporal right now.
create function durabase_private.claim_wishes(p_limit int) returns table (run_id uuid, workflow_id text, kind text, epoch int, reason text)
-- definer: the engine has no rights on tables
language sql volatile security definer set search_path = '' as $$
  with due as (
    select w.run_id, w.kind from durabase_private.wishes w
    where w.carried_until is null or w.carried_until < clock_timestamp()
    order by w.requested_at limit p_limit for update skip locked),
  claimed as (
    update durabase_private.wishes w set carried_until = clock_timestamp() + interval '5 seconds'
    from due where w.run_id = due.run_id and w.kind = due.kind returning w.run_id, w.kind, w.epoch)
  select c.run_id, r.workflow_id, c.kind, c.epoch, r.cancel_reason from claimed c join durabase.task_runs r on r.id = c.run_id
$$;

revoke execute on function durabase_private.lock_key(text), durabase_private.lock_queue(uuid[]), durabase_private.lock_permits(uuid[]),
  durabase_private.take_permits(uuid, jsonb), durabase_private.free_permits(uuid),
  durabase_private.unblock_next(text, int), durabase_private.claim_unchecked(int), durabase_private.mark_checked(jsonb),
  durabase_private.admit(int, int), durabase_private.hold_run(uuid, text, jsonb), durabase_private.unclaim(uuid[]),
  durabase_private.unblock_stale(), durabase_private.claim_wishes(int) from public;
grant execute on function durabase_private.claim_unchecked(int), durabase_private.mark_checked(jsonb), durabase_private.admit(int, int),
  durabase_private.unclaim(uuid[]), durabase_private.unblock_stale(), durabase_private.claim_wishes(int) to durabase_engine;
