-- Lists and counts of runs in a history of a million: filters by state walk an index that knows the state, so that a rare state is not
-- looked for in everything.

create index task_runs_task_state_page_idx on durabase.task_runs (task_id, state, created_at, id);
-- As before, with what counting somebody's own runs asks of a row: the index alone answers.
drop index durabase.task_runs_own_page_idx;
create index task_runs_own_page_idx on durabase.task_runs (actor_user_id, workspace_id, created_at, id) include (state, task_id, end_user_kind);

-- As before; with states, each of them is walked by itself.
create or replace function durabase.list_runs(
  workspace uuid default null, task uuid default null, states text[] default null,
  before_at timestamptz default null, before_id uuid default null, page_limit int default 50
) returns setof durabase.task_runs language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  v_is_service boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  v_all uuid[] := case when v_is_service then (select coalesce(array_agg(w.id), '{}') from durabase.workspaces w) else durabase_private.ws_ids(true) end;
  -- where the caller sees his own runs only, and what is shared with him elsewhere: disjoint, so that no row is read in vain
  v_own uuid[] := case when v_is_service then '{}' else array(select unnest(durabase_private.ws_ids()) except select unnest(v_all)) end;
  v_end uuid[] := case when v_is_service then '{}'
    else array(select unnest(durabase_private.end_user_ws_ids()) except select unnest(v_all) except select unnest(v_own)) end;
  v_shared uuid[] := durabase_private.shared_task_ids();
  v_tasks uuid[];
  v_user uuid := durabase_private.uid();
  v_at timestamptz := coalesce(before_at, 'infinity');
  v_id uuid := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit int := least(greatest(coalesce(page_limit, 50), 1), 1000);
  v_states text[] := array(select distinct s from unnest(states) s);
begin
  if workspace is not null then
    v_all := array(select unnest(v_all) intersect select workspace);
    v_own := array(select unnest(v_own) intersect select workspace);
    v_end := array(select unnest(v_end) intersect select workspace);
  end if;
  if task is null then
    v_tasks := array(
      select t.id from durabase.tasks t
      where t.id = any (v_shared) and not t.workspace_id = any (v_all) and (workspace is null or t.workspace_id = workspace));
  else
    v_tasks := array(select t.id from durabase.tasks t where t.id = task and (workspace is null or t.workspace_id = workspace));
    v_all := '{}';
    v_own := '{}';
  end if;
  if states is null then
    return query
      select z.* from (
        (select r.* from unnest(v_all) w cross join lateral (
          select x.* from durabase.task_runs x where x.workspace_id = w and (x.created_at, x.id) < (v_at, v_id)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v_tasks) t cross join lateral (
          select x.* from durabase.task_runs x where x.task_id = t and (x.created_at, x.id) < (v_at, v_id)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v_own) w cross join lateral (
          select x.* from durabase.task_runs x
          where x.workspace_id = w and x.actor_user_id = v_user and (x.created_at, x.id) < (v_at, v_id) and not x.task_id = any (v_shared)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v_end) w cross join lateral (
          select x.* from durabase.task_runs x
          where x.workspace_id = w and x.actor_user_id = v_user and x.end_user_kind = 'run' and (x.created_at, x.id) < (v_at, v_id)
            and (task is null or x.task_id = task) and not x.task_id = any (v_shared)
          order by x.created_at desc, x.id desc limit v_limit) r)
      ) z order by z.created_at desc, z.id desc limit v_limit;
    return;
  end if;
  return query
    select z.* from (
      (select r.* from unnest(v_all) w cross join unnest(v_states) s cross join lateral (
        select x.* from durabase.task_runs x where x.workspace_id = w and x.state = s and (x.created_at, x.id) < (v_at, v_id)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_tasks) t cross join unnest(v_states) s cross join lateral (
        select x.* from durabase.task_runs x where x.task_id = t and x.state = s and (x.created_at, x.id) < (v_at, v_id)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_own) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v_user and (x.created_at, x.id) < (v_at, v_id)
          and x.state = any (v_states) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_end) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v_user and x.end_user_kind = 'run' and (x.created_at, x.id) < (v_at, v_id)
          and (task is null or x.task_id = task) and x.state = any (v_states) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;

-- How many runs the caller sees, by state: exact up to p_cap of each, then p_cap and is_capped. Of those that he sees because they are his
-- own, only the newest p_cap of each workspace are looked at.
create function durabase_private.count_runs(p_workspace uuid, p_task uuid, p_cap int)
returns table (state text, run_count bigint, is_capped boolean)
-- definer: policies would read every row of which the index alone knows the state; here the rights are asked once, as in list_runs
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_sees_everything boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  v_all uuid[] := case when v_sees_everything then (select coalesce(array_agg(w.id), '{}') from durabase.workspaces w)
    else durabase_private.ws_ids(true) end;
  v_user uuid := durabase_private.runs_reader();
  v_own uuid[] := case when v_sees_everything then '{}' else array(select unnest(durabase_private.ws_ids()) except select unnest(v_all)) end;
  v_end uuid[] := case when v_sees_everything then '{}'
    else array(select unnest(durabase_private.end_user_ws_ids()) except select unnest(v_all) except select unnest(v_own)) end;
  v_shared uuid[] := durabase_private.shared_run_task_ids();
  v_tasks uuid[];
begin
  if p_task is null then
    v_tasks := array(select t.id from durabase.tasks t
      where t.id = any (v_shared) and not t.workspace_id = any (v_all) and (p_workspace is null or t.workspace_id = p_workspace));
  else
    v_tasks := array(select t.id from durabase.tasks t
      where t.id = p_task and (p_workspace is null or t.workspace_id = p_workspace) and (t.workspace_id = any (v_all) or t.id = any (v_shared)));
    v_all := '{}';
  end if;
  if p_workspace is not null then
    v_all := array(select unnest(v_all) intersect select p_workspace);
    v_own := array(select unnest(v_own) intersect select p_workspace);
    v_end := array(select unnest(v_end) intersect select p_workspace);
  end if;
  return query
    with own as (
      (select x.state from unnest(v_own) w cross join lateral (
        select x.state from durabase.task_runs x where x.workspace_id = w and x.actor_user_id = v_user
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit p_cap + 1) x)
      union all
      (select x.state from unnest(v_end) w cross join lateral (
        select x.state from durabase.task_runs x where x.workspace_id = w and x.actor_user_id = v_user and x.end_user_kind = 'run'
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit p_cap + 1) x)
    ), own_counts as (
      select o.state, count(*) as total from own o group by o.state
    ), own_size as (
      select count(*) > p_cap as is_cut from own
    ), counted as (
      select s.state, (
        select count(*) from (
          select from (
            (select from unnest(v_all) w cross join lateral (
              select from durabase.task_runs x where x.workspace_id = w and x.state = s.state limit p_cap + 1) a limit p_cap + 1)
            union all
            (select from unnest(v_tasks) t cross join lateral (
              select from durabase.task_runs x where x.task_id = t and x.state = s.state limit p_cap + 1) b limit p_cap + 1)
          ) c limit p_cap + 1) d
      ) + coalesce((select o.total from own_counts o where o.state = s.state), 0) as total
      from unnest(array['scheduled', 'queued', 'running', 'waiting', 'awaiting_input', 'retrying', 'paused',
        'completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired']) s (state)
    )
    select c.state, least(c.total, p_cap), c.total > p_cap or (select z.is_cut from own_size z) from counted c;
end $$;

create function durabase.count_runs(workspace uuid default null, task uuid default null, up_to int default 5000)
returns table (state text, run_count bigint, is_capped boolean)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.count_runs(count_runs.workspace, count_runs.task, least(greatest(coalesce(count_runs.up_to, 5000), 1), 5000));
end $$;
revoke execute on function durabase_private.count_runs(uuid, uuid, int), durabase.count_runs(uuid, uuid, int) from public;
grant execute on function durabase_private.count_runs(uuid, uuid, int), durabase.count_runs(uuid, uuid, int) to authenticated, service_role;
