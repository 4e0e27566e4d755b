-- What end users see: the rows of the runs that they started, how far the steps are, events without what is internal.

alter policy task_runs_read on durabase.task_runs
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or task_id = any ((select durabase_private.shared_task_ids())::uuid[])
    or (actor_user_id = (select durabase_private.uid()) and (
      workspace_id = any ((select durabase_private.ws_ids())::uuid[])
      or (end_user_kind = 'run' and workspace_id = any ((select durabase_private.end_user_ws_ids())::uuid[]))))
    or (select durabase_private.is_instance_admin())
  );
-- Who sees a run as an end user only sees nothing of what its steps were given, made and said.
alter policy run_steps_read on durabase.run_steps
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or exists (select from durabase.task_runs r where r.id = run_id and (
      r.end_user_kind is null
      or r.workspace_id = any ((select durabase_private.ws_ids())::uuid[])
      or r.task_id = any ((select durabase_private.shared_task_ids())::uuid[])
      or (select durabase_private.is_instance_admin())))
  );
alter policy run_events_read on durabase.run_events
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or exists (select from durabase.task_runs r where r.id = run_id and (
      r.end_user_kind is null
      or r.workspace_id = any ((select durabase_private.ws_ids())::uuid[])
      or r.task_id = any ((select durabase_private.shared_task_ids())::uuid[])
      or (select durabase_private.is_instance_admin())))
  );

-- ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.end_user_events(p_run uuid, p_after bigint, p_limit int) returns setof durabase.run_events
-- definer: the rows hold what is internal too; of an end user's own run this gives the numbers without a gap, and no more than its row says
language plpgsql stable security definer set search_path = '' as $$
declare
  v_run durabase.task_runs;
begin
  select * into v_run from durabase.task_runs r where r.id = p_run;
  if not durabase_private.is_end_users_own(durabase_private.current_actor(), v_run) then return; end if;
  return query
    select e.run_id, e.seq, e.workspace_id, e.at, e.kind, e.state, e.step_id, e.iteration, e.attempt,
      case when e.kind in ('run.failed', 'run.timed_out', 'run.cancelled', 'run.expired', 'run.skipped') then e.data end
    from durabase.run_events e where e.run_id = p_run and e.seq > coalesce(p_after, 0)
    order by e.seq limit least(greatest(coalesce(p_limit, 500), 1), 1000);
end $$;

-- Events of a run after the number `after_seq`, in order. A client that was away asks with its last number. End users get those of
-- their own runs without what steps say.
create or replace function durabase.events_since(run uuid, after_seq bigint default 0, page_limit int default 500)
returns setof durabase.run_events language plpgsql stable set search_path = '' as $$
begin
  return query
    select e.* from durabase.run_events e
    where e.run_id = run and e.seq > coalesce(after_seq, 0)
    order by e.seq limit least(greatest(coalesce(page_limit, 500), 1), 1000);
  if not found then return query select * from durabase_private.end_user_events(run, after_seq, page_limit); end if;
end $$;

create function durabase_private.run_progress(p_run uuid)
returns table (step_id text, iteration int, name text, state text, attempt int, started_at timestamptz, finished_at timestamptz)
-- definer: end users may not read the rows, which hold more
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_run durabase.task_runs;
begin
  select * into v_run from durabase.task_runs r where r.id = p_run;
  if not (durabase_private.may_see_run(v_actor, v_run) or durabase_private.is_end_users_own(v_actor, v_run)) then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', 'check the id and the account', 'run');
  end if;
  return query
    select s.step_id, s.iteration, s.name, s.state, s.attempt, s.started_at, s.finished_at
    from durabase.run_steps s where s.run_id = p_run order by s.started_at, s.step_id, s.iteration limit 1000;
end $$;

-- How far the steps of a run are, without what they were given and made: the first 1,000. What end users see of steps.
create function durabase.run_progress(run uuid)
returns table (step_id text, iteration int, name text, state text, attempt int, started_at timestamptz, finished_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.run_progress(run);
end $$;

create or replace function durabase_private.get_payload(p_payload uuid) returns jsonb
-- definer: values are stored in the private schema; the run they belong to decides who reads them
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_body jsonb;
  v_run durabase.task_runs;
begin
  select p.body into v_body from durabase_private.payloads p where p.id = p_payload;
  select r.* into v_run from durabase.task_runs r where r.id = (select p.run_id from durabase_private.payloads p where p.id = p_payload);
  if v_run.id is null or not (
    durabase_private.may_see_run(v_actor, v_run)
    -- of a run's values its end user reads the output
    or (durabase_private.is_end_users_own(v_actor, v_run) and v_run.output_ref ->> 'payload' = p_payload::text)
  ) then
    perform durabase_private.refuse(404, 'PAYLOAD_NOT_FOUND', 'no such stored value is visible to you', null, 'payload');
  end if;
  return v_body;
end $$;

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
      union all
      (select r.* from unnest(v_end) w cross join lateral (
        select x.* from durabase.task_runs x
        where x.workspace_id = w and x.actor_user_id = v_user and x.end_user_kind = 'run' and (x.created_at, x.id) < (v_at, v_id)
          and (task is null or x.task_id = task) and (states is null or x.state = any (states)) and not x.task_id = any (v_shared)
        order by x.created_at desc, x.id desc limit v_limit) r)
    ) z order by z.created_at desc, z.id desc limit v_limit;
end $$;

-- ── Feeds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

create or replace function durabase_private.number_changes(p_limit int, out before_position bigint, out taken_count int)
language plpgsql volatile set search_path = '' as $$
begin
  select case when s.is_called then s.last_value else 0 end into before_position from durabase_private.changes_position_seq s;
  with batch as (
    select i.n from durabase_private.feed_inbox i order by i.n limit p_limit
  ), taken as (
    delete from durabase_private.feed_inbox i using batch b where i.n = b.n returning i.*
  ), placed as (
    select t.*, f.feed, row_number() over (partition by f.feed order by t.n) as place
    from taken t cross join lateral (
      select 'workspace:' || t.workspace_id as feed
      union all
      select 'own:' || t.workspace_id || ':' || t.user_id
        from durabase.workspace_members m where m.workspace_id = t.workspace_id and m.user_id = t.user_id and m.role = 'runner'
      union all
      select 'own:' || t.workspace_id || ':' || t.user_id
        from durabase_private.end_users e where e.workspace_id = t.workspace_id and e.user_id = t.user_id
          and exists (select from durabase.task_runs r where r.id = t.run_id and r.end_user_kind = 'run')
          and not exists (
            select from durabase.workspace_members m where m.workspace_id = t.workspace_id and m.user_id = t.user_id and m.role = 'runner')
      union all
      select 'task:' || t.task_id where exists (select from durabase.task_permissions p where p.task_id = t.task_id)
    ) f
  ), counters as (
    insert into durabase_private.feed_counters as c (feed, last_seq)
      select p.feed, count(*) from placed p group by p.feed order by p.feed
      on conflict (feed) do update set last_seq = c.last_seq + excluded.last_seq
      returning c.id, c.feed, c.last_seq
  ), totals as (
    select p.feed, count(*) as total from placed p group by p.feed
  ), numbered as (
    insert into durabase_private.changes (feed_id, seq, workspace_id, task_id, run_id, kind, entity_id, version, state, at)
      select c.id, c.last_seq - t.total + p.place, p.workspace_id, p.task_id, p.run_id, p.kind, p.entity_id, p.version, p.state, p.at
      from placed p join counters c using (feed) join totals t using (feed) order by p.n, p.feed
      returning 1
  )
  select count(*) into taken_count from taken;
end $$;

create or replace function durabase_private.followed_feed(p_feed text) returns text
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_kind text := split_part(p_feed, ':', 1);
  v_id uuid;
  v_sees_everything boolean;
begin
  if p_feed !~ '^(workspace|own|task):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then return null; end if;
  v_id := split_part(p_feed, ':', 2)::uuid;
  v_sees_everything := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  return case v_kind
    when 'workspace' then case when v_id = any (durabase_private.ws_ids(true))
      or (v_sees_everything and exists (select from durabase.workspaces w where w.id = v_id)) then p_feed end
    when 'own' then case when (v_id = any (durabase_private.ws_ids()) or v_id = any (durabase_private.end_user_ws_ids()))
      and not v_id = any (durabase_private.ws_ids(true)) then p_feed || ':' || durabase_private.uid() end
    when 'task' then case when v_id = any (durabase_private.shared_task_ids())
      or (v_sees_everything and exists (select from durabase.tasks t where t.id = v_id)) then p_feed end
  end;
end $$;

create or replace function durabase.feeds(workspace uuid default null)
returns table (feed text, kind text, workspace_id uuid, task_id uuid, topic text, moves_topic text, last_seq bigint)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
declare
  v_sees_everything boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  v_all uuid[] := case when v_sees_everything then (select coalesce(array_agg(w.id), '{}') from durabase.workspaces w)
    else durabase_private.ws_ids(true) end;
begin
  return query
    select f.feed, f.kind, f.workspace_id, f.task_id,
      format('durabase:%s%s:%s', f.feed, case f.kind when 'own' then ':' || durabase_private.uid() else '' end, durabase_private.feed_epoch(f.workspace_id)),
      format('durabase:moves:%s:%s', f.workspace_id, durabase_private.feed_epoch(f.workspace_id)),
      durabase_private.last_seq(f.feed)
    from (
      select 'workspace:' || w as feed, 'workspace' as kind, w as workspace_id, null::uuid as task_id from unnest(v_all) w
      union all
      select 'own:' || w, 'own', w, null
        from (select unnest(durabase_private.ws_ids()) union select unnest(durabase_private.end_user_ws_ids())) o (w) where not w = any (v_all)
      union all
      select 'task:' || t.id, 'task', t.workspace_id, t.id
        from durabase.tasks t where t.id = any (durabase_private.shared_task_ids()) and not t.workspace_id = any (v_all)
    ) f
    where feeds.workspace is null or f.workspace_id = feeds.workspace
    order by f.workspace_id, f.feed;
end $$;

create or replace function durabase_private.sees_run(p_run uuid) returns boolean
-- definer: asked by a policy of another schema
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  return exists (
    select from durabase.task_runs r where r.id = p_run and (
      durabase_private.sees_all_runs(v_actor, r.workspace_id, r.task_id)
      or (r.actor_user_id = v_actor.user_id and r.workspace_id = any (durabase_private.ws_ids()))
      or durabase_private.is_end_users_own(v_actor, r)));
end $$;

create or replace function durabase_private.may_listen(p_topic text) returns boolean
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_part text[] := string_to_array(p_topic, ':');
  v_kind text := v_part[2];
  v_id uuid;
  v_workspace uuid;
begin
  if p_topic !~ '^durabase:(workspace|own|task|run|moves):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9a-f-]{36})?:[0-9]{1,18}$'
    or (cardinality(v_part) = 5) <> (v_kind = 'own') then return false; end if;
  v_id := v_part[3]::uuid;
  v_workspace := case v_kind
    when 'run' then (select r.workspace_id from durabase.task_runs r where r.id = v_id)
    when 'task' then (select t.workspace_id from durabase.tasks t where t.id = v_id)
    else v_id end;
  if v_workspace is null or v_part[cardinality(v_part)]::bigint <> durabase_private.feed_epoch(v_workspace) then return false; end if;
  return case v_kind
    when 'run' then durabase_private.sees_run(v_id)
    when 'moves' then v_workspace = any (durabase_private.ws_ids()) or v_workspace = any (durabase_private.end_user_ws_ids())
      or durabase_private.is_instance_admin() or exists (
      select from durabase.tasks t where t.workspace_id = v_workspace and t.id = any (durabase_private.shared_task_ids()))
    when 'own' then durabase_private.followed_feed('own:' || v_id) = 'own:' || v_id || ':' || v_part[4]
    else durabase_private.followed_feed(v_kind || ':' || v_id) is not null end;
end $$;

revoke execute on function durabase_private.end_user_events(uuid, bigint, int), durabase_private.run_progress(uuid), durabase.run_progress(uuid) from public;
grant execute on function durabase_private.end_user_events(uuid, bigint, int), durabase_private.run_progress(uuid), durabase.run_progress(uuid)
  to authenticated, service_role;
