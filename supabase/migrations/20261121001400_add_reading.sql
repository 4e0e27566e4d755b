-- What apps read by function: pages of runs, the feed of a run, stored values, drift.

-- Runs that the caller may see, newest first. Walks each visible workspace and shared task by its own index, so that a page
-- costs the same however long the history is. before_at and before_id are those of the last row of the page before.
create function durabase.list_runs(
  workspace uuid default null, task uuid default null, states text[] default null,
  before_at timestamptz default null, before_id uuid default null, page_limit int default 50
) returns setof durabase.task_runs language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  v_is_service boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  v_all uuid[] := case when v_is_service then (select coalesce(array_agg(w.id), '{}') from durabase.workspaces w) else durabase_private.ws_ids(true) end;
  -- where the caller sees his own runs only, and what is shared with him elsewhere: disjoint, so that no row is read in vain
  v_own uuid[] := case when v_is_service then '{}' else array(select unnest(durabase_private.ws_ids()) except select unnest(v_all)) end;
  v_shared uuid[] := durabase_private.shared_task_ids();
  v_tasks uuid[];
  v_user uuid := durabase_private.uid();
  v_at timestamptz := coalesce(before_at, 'infinity');
  v_id uuid := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit int := least(greatest(coalesce(page_limit, 50), 1), 1000);
begin
  if workspace is not null then
    v_all := array(select unnest(v_all) intersect select workspace);
    v_own := array(select unnest(v_own) intersect select workspace);
  end if;
  if task is null then
    v_tasks := array(
      select t.id from durabase.tasks t
      where t.id = any (v_shared) and not t.workspace_id = any (v_all) and (workspace is null or t.workspace_id = workspace));
  else
    v_tasks := array(select t.id from durabase.tasks t where t.id = task and (workspace is null or t.workspace_id = workspace));
  end if;
  return query
    select z.* from (
      (select r.* from unnest(case when task is null then v_all else '{}' end) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and (x.created_at, x.id) < (v_at, v_id) and (states is null or x.state = any (states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_tasks) t cross join lateral (
        select x.* from durabase.task_runs x
        where x.task_id = t and (x.created_at, x.id) < (v_at, v_id) and (states is null or x.state = any (states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(case when task is null then v_own else '{}' end) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v_user and (x.created_at, x.id) < (v_at, v_id)
          and (states is null or x.state = any (states)) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;

-- Events of a run after the number `after_seq`, in order. A client that was away asks with its last number.
create function durabase.events_since(run uuid, after_seq bigint default 0, page_limit int default 500)
returns setof durabase.run_events language sql stable set search_path = '' as $$
  select e.* from durabase.run_events e
  where e.run_id = $1 and e.seq > coalesce($2, 0)
  order by e.seq limit least(greatest(coalesce($3, 500), 1), 1000)
$$;

create function durabase_private.get_payload(p_payload uuid) returns jsonb
-- definer: values are stored in the private schema; the run they belong to decides who reads them
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_found record;
begin
  select p.body, r.workspace_id, r.task_id, r.actor_user_id into v_found
    from durabase_private.payloads p join durabase.task_runs r on r.id = p.run_id where p.id = p_payload;
  if v_found is null or not (
    durabase_private.sees_all_runs(v_actor, v_found.workspace_id, v_found.task_id)
    or (v_actor.kind = 'user' and v_found.actor_user_id = v_actor.user_id
        and durabase_private.has_right(v_actor, 'view', v_found.workspace_id, v_found.task_id))
  ) then
    perform durabase_private.refuse(404, 'PAYLOAD_NOT_FOUND', 'no such stored value is visible to you', null, 'payload');
  end if;
  return v_found.body;
end $$;

-- A large output that stands in its row as a reference: pass the `payload` of output_ref.
create function durabase.get_payload(payload uuid) returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return durabase_private.get_payload(payload);
end $$;

create function durabase_private.list_drift(p_before bigint, p_limit int) returns setof durabase_private.drift
-- definer: drift is an internal table; admins see the lines of their workspaces, instance admins and services all
language plpgsql stable security definer set search_path = '' as $$
declare
  v_all boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
begin
  return query select d.* from durabase_private.drift d
    where (v_all or d.workspace_id = any (durabase_private.admin_ws_ids()))
      and d.id < coalesce(p_before, 9223372036854775807)
    order by d.id desc limit least(greatest(coalesce(p_limit, 100), 1), 1000);
end $$;

-- Differences that were found between Temporal and the mirror, newest first, mended or not.
create function durabase.drift(before bigint default null, page_limit int default 100)
returns table (id bigint, found_at timestamptz, kind text, run_id uuid, workspace_id uuid, workflow_id text, temporal_run_id text,
  mirror_said text, temporal_said text, is_mended boolean, note text)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.list_drift(before, page_limit);
end $$;

-- Figures for the metrics page. Counts only.
create function durabase_private.figures() returns jsonb
-- definer: counts over internal tables
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'queued', (select count(*) from durabase_private.run_queue),
    'blocked', (select count(*) from durabase_private.run_queue q where q.blocked_key is not null),
    'oldestReadyMs', (select extract(epoch from clock_timestamp() - min(q.ready_at)) * 1000 from durabase_private.run_queue q
      where q.blocked_key is null and q.ready_at <= clock_timestamp()),
    'open', (select count(*) from durabase.task_runs r where r.state in ('running', 'waiting', 'awaiting_input', 'retrying', 'paused')),
    'permits', (select count(*) from durabase_private.permits),
    'inbox', (select coalesce(max(n) - min(n) + 1, 0) from durabase_private.feed_inbox),
    'driftUnmended', (select count(*) from durabase_private.drift d where not d.is_mended),
    'workersPolling', (select count(*) from durabase_private.workers w where w.is_polling and w.seen_at > clock_timestamp() - interval '20 seconds'))
$$;

revoke execute on function durabase.list_runs(uuid, uuid, text[], timestamptz, uuid, int), durabase.events_since(uuid, bigint, int),
  durabase_private.get_payload(uuid), durabase.get_payload(uuid), durabase_private.list_drift(bigint, int), durabase.drift(bigint, int),
  durabase_private.figures() from public;
grant execute on function durabase.list_runs(uuid, uuid, text[], timestamptz, uuid, int), durabase.events_since(uuid, bigint, int),
  durabase_private.get_payload(uuid), durabase.get_payload(uuid), durabase_private.list_drift(bigint, int), durabase.drift(bigint, int)
  to authenticated, service_role;
grant execute on function durabase_private.figures() to durabase_engine, durabase_gateway;
