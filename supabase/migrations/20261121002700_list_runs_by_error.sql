-- Runs that ended with a certain error, looked for in an index of failures alone.

-- cut: codes of steps are free text, and a row too long for the index could not be written
create index task_runs_error_code_page_idx on durabase.task_runs (workspace_id, left(error ->> 'code', 200), created_at, id)
  where error is not null;
create index task_runs_task_error_code_page_idx on durabase.task_runs (task_id, left(error ->> 'code', 200), created_at, id)
  where error is not null;

-- The newest runs with this code of error that the caller sees. Of those that he sees because they are his own, his runs are walked.
create function durabase_private.runs_with_error(
  p_code text, p_workspace uuid, p_task uuid, p_states text[], p_before_at timestamptz, p_before_id uuid, p_limit int
) returns table (id uuid)
-- definer: "->>" is not leakproof, so that under policies its index could not be used; here the rights are asked once, as in count_runs
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
  v_at timestamptz := coalesce(p_before_at, 'infinity');
  v_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 1000);
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
    select z.id from (
      (select r.* from unnest(v_all) w cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.workspace_id = w and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_tasks) t cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.task_id = t and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v_own || v_end) w cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v_user and (w = any (v_own) or x.end_user_kind = 'run')
          and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v_shared)
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;
revoke execute on function durabase_private.runs_with_error(text, uuid, uuid, text[], timestamptz, uuid, int) from public;
grant execute on function durabase_private.runs_with_error(text, uuid, uuid, text[], timestamptz, uuid, int) to authenticated, service_role;
