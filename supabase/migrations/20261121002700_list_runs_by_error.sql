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
-- definer: "->>" is not leakproof, so that under policies its index could not be used; here the rights are asked once, as in run_scope
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v record := durabase_private.run_scope(p_workspace, p_task);
  v_at timestamptz := coalesce(p_before_at, 'infinity');
  v_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 1000);
begin
  return query
    select z.id from (
      (select r.* from unnest(v.all_ids) w cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.workspace_id = w and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v.task_ids) t cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.task_id = t and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
      union all
      (select r.* from unnest(v.own_ids || v.end_ids) w cross join lateral (
        select x.id, x.created_at from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v.user_id and (w = any (v.own_ids) or x.end_user_kind = 'run')
          and x.error is not null and left(x.error ->> 'code', 200) = p_code
          and (p_task is null or x.task_id = p_task) and not x.task_id = any (v.shared_ids)
          and (x.created_at, x.id) < (v_at, v_id) and (p_states is null or x.state = any (p_states))
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;
revoke execute on function durabase_private.runs_with_error(text, uuid, uuid, text[], timestamptz, uuid, int) from public;
grant execute on function durabase_private.runs_with_error(text, uuid, uuid, text[], timestamptz, uuid, int) to authenticated, service_role;
