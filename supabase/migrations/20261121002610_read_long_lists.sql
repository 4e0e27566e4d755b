-- Lists and counts of runs in a history of a million: filters by state walk an index that knows the state, so that a rare state is not
-- looked for in everything.

create index task_runs_task_state_page_idx on durabase.task_runs (task_id, state, created_at, id);
-- As before, with what counting somebody's own runs asks of a row: the index alone answers.
drop index durabase.task_runs_own_page_idx;
create index task_runs_own_page_idx on durabase.task_runs (actor_user_id, workspace_id, created_at, id) include (state, task_id, end_user_kind);

-- Whose runs the caller sees, of one workspace or task or of all: parts that share no row, each walked by its own index.
create function durabase_private.run_scope(
  p_workspace uuid, p_task uuid,
  out all_ids uuid[],    -- workspaces whose runs he sees, every one
  out own_ids uuid[],    -- workspaces where he sees those that he started
  out end_ids uuid[],    -- workspaces where he sees those that he started as an end user
  out task_ids uuid[],   -- tasks whose runs he sees, every one
  out shared_ids uuid[], -- tasks to leave out where his own are walked, for they are among task_ids or not asked for
  out user_id uuid
)
-- definer: looks at tasks that the caller may not read, to leave them out
language plpgsql stable security definer set search_path = '' as $$
declare
  v_sees_everything boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
begin
  user_id := durabase_private.runs_reader();
  shared_ids := durabase_private.shared_run_task_ids();
  all_ids := case when v_sees_everything then (select coalesce(array_agg(w.id), '{}') from durabase.workspaces w)
    else durabase_private.ws_ids(true) end;
  own_ids := case when v_sees_everything then '{}' else array(select unnest(durabase_private.ws_ids()) except select unnest(all_ids)) end;
  end_ids := case when v_sees_everything then '{}'
    else array(select unnest(durabase_private.end_user_ws_ids()) except select unnest(all_ids) except select unnest(own_ids)) end;
  if p_task is null then
    task_ids := array(select t.id from durabase.tasks t
      where t.id = any (shared_ids) and not t.workspace_id = any (all_ids) and (p_workspace is null or t.workspace_id = p_workspace));
  else
    task_ids := array(select t.id from durabase.tasks t
      where t.id = p_task and (p_workspace is null or t.workspace_id = p_workspace) and (t.workspace_id = any (all_ids) or t.id = any (shared_ids)));
    all_ids := '{}';
  end if;
  if p_workspace is not null then
    all_ids := array(select unnest(all_ids) intersect select p_workspace);
    own_ids := array(select unnest(own_ids) intersect select p_workspace);
    end_ids := array(select unnest(end_ids) intersect select p_workspace);
  end if;
end $$;
revoke execute on function durabase_private.run_scope(uuid, uuid) from public;
grant execute on function durabase_private.run_scope(uuid, uuid) to anon, authenticated, service_role;

-- As before; with states, each of them is walked by itself.
create or replace function durabase.list_runs(
  workspace uuid default null, task uuid default null, states text[] default null,
  before_at timestamptz default null, before_id uuid default null, page_limit int default 50
) returns setof durabase.task_runs language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
declare
  v record := durabase_private.run_scope(workspace, task);
  v_at timestamptz := coalesce(before_at, 'infinity');
  v_id uuid := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit int := least(greatest(coalesce(page_limit, 50), 1), 1000);
  v_states text[] := array(select distinct s from unnest(states) s);
begin
  if states is null then
    return query
      select z.* from (
        (select r.* from unnest(v.all_ids) w cross join lateral (
          select x.* from durabase.task_runs x where x.workspace_id = w and (x.created_at, x.id) < (v_at, v_id)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v.task_ids) t cross join lateral (
          select x.* from durabase.task_runs x where x.task_id = t and (x.created_at, x.id) < (v_at, v_id)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v.own_ids) w cross join lateral (
          select x.* from durabase.task_runs x
          where x.workspace_id = w and x.actor_user_id = v.user_id and (x.created_at, x.id) < (v_at, v_id)
            and (task is null or x.task_id = task) and not x.task_id = any (v.shared_ids)
          order by x.created_at desc, x.id desc limit v_limit) r)
        union all
        (select r.* from unnest(v.end_ids) w cross join lateral (
          select x.* from durabase.task_runs x
          where x.workspace_id = w and x.actor_user_id = v.user_id and x.end_user_kind = 'run' and (x.created_at, x.id) < (v_at, v_id)
            and (task is null or x.task_id = task) and not x.task_id = any (v.shared_ids)
          order by x.created_at desc, x.id desc limit v_limit) r)
      ) z order by z.created_at desc, z.id desc limit v_limit;
    return;
  end if;
  return query
    select z.* from (
      (select r.* from unnest(v.all_ids) w cross join unnest(v_states) s cross join lateral (
        select x.* from durabase.task_runs x where x.workspace_id = w and x.state = s and (x.created_at, x.id) < (v_at, v_id)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v.task_ids) t cross join unnest(v_states) s cross join lateral (
        select x.* from durabase.task_runs x where x.task_id = t and x.state = s and (x.created_at, x.id) < (v_at, v_id)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v.own_ids) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v.user_id and (x.created_at, x.id) < (v_at, v_id)
          and (task is null or x.task_id = task) and x.state = any (v_states) and not x.task_id = any (v.shared_ids)
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v.end_ids) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v.user_id and x.end_user_kind = 'run' and (x.created_at, x.id) < (v_at, v_id)
          and (task is null or x.task_id = task) and x.state = any (v_states) and not x.task_id = any (v.shared_ids)
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;

-- How many runs the caller sees, by state: exact up to p_cap of each, then p_cap and is_capped. Of those that he sees because they are his
-- own, only the newest p_cap of each workspace are looked at.
create function durabase_private.count_runs(p_workspace uuid, p_task uuid, p_cap int)
returns table (state text, run_count bigint, is_capped boolean)
-- definer: policies would read every row of which the index alone knows the state; here the rights are asked once
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v record := durabase_private.run_scope(p_workspace, p_task);
begin
  return query
    with own as (
      (select x.state from unnest(v.own_ids) w cross join lateral (
        select x.state from durabase.task_runs x where x.workspace_id = w and x.actor_user_id = v.user_id
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v.shared_ids)
        order by x.created_at desc, x.id desc limit p_cap + 1) x)
      union all
      (select x.state from unnest(v.end_ids) w cross join lateral (
        select x.state from durabase.task_runs x where x.workspace_id = w and x.actor_user_id = v.user_id and x.end_user_kind = 'run'
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v.shared_ids)
        order by x.created_at desc, x.id desc limit p_cap + 1) x)
    ), own_counts as (
      select o.state, count(*) as total from own o group by o.state
    ), own_size as (
      select count(*) > p_cap as is_cut from own
    ), counted as (
      select s.state, (
        select count(*) from (
          select from (
            (select from unnest(v.all_ids) w cross join lateral (
              select from durabase.task_runs x where x.workspace_id = w and x.state = s.state limit p_cap + 1) a limit p_cap + 1)
            union all
            (select from unnest(v.task_ids) t cross join lateral (
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
