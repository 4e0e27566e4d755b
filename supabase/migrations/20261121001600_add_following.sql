-- Following feeds: which ones, what changed since a number, and who may listen on which topic.

-- The name under which the feed is numbered, if the caller may follow it; else null. Feeds as callers name them:
-- 'workspace:<workspace>', 'own:<workspace>', 'task:<task>'.
create function durabase_private.followed_feed(p_feed text) returns text
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
    when 'own' then case when v_id = any (durabase_private.ws_ids()) and not v_id = any (durabase_private.ws_ids(true))
      then p_feed || ':' || durabase_private.uid() end
    when 'task' then case when v_id = any (durabase_private.shared_task_ids())
      or (v_sees_everything and exists (select from durabase.tasks t where t.id = v_id)) then p_feed end
  end;
end $$;

create function durabase_private.last_seq(p_feed text) returns bigint
-- definer: the table is internal; the name says whose feed it is and comes from followed_feed
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((select c.last_seq from durabase_private.feed_counters c where c.feed = durabase_private.followed_feed(p_feed)), 0);
end $$;

-- The feeds that the caller may follow, with the private topics on which Realtime tells of them. Names of topics change when
-- somebody loses a right in the workspace: `moves_topic` says `moved` then, and it is time to ask again.
create function durabase.feeds(workspace uuid default null)
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
      select 'own:' || w, 'own', w, null from unnest(durabase_private.ws_ids()) w where not w = any (v_all)
      union all
      select 'task:' || t.id, 'task', t.workspace_id, t.id
        from durabase.tasks t where t.id = any (durabase_private.shared_task_ids()) and not t.workspace_id = any (v_all)
    ) f
    where feeds.workspace is null or f.workspace_id = feeds.workspace
    order by f.workspace_id, f.feed;
end $$;

create function durabase_private.changes_since(p_feed text, p_after bigint, p_limit int)
returns table (seq bigint, kind text, id text, version bigint, state text, run_id uuid, task_id uuid, at timestamptz)
-- definer: the table is internal; followed_feed checks
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_feed text := durabase_private.followed_feed(p_feed);
  v_counter durabase_private.feed_counters;
  v_after bigint := greatest(coalesce(p_after, 0), 0);
begin
  if v_feed is null then
    perform durabase_private.refuse(404, 'FEED_NOT_FOUND', format('no feed %s is visible to you', to_json(left(coalesce(p_feed, ''), 100))),
      'feeds() lists those that you may follow', 'feed');
  end if;
  select * into v_counter from durabase_private.feed_counters c where c.feed = v_feed;
  if v_after < v_counter.pruned_seq then
    perform durabase_private.refuse(410, 'CHANGES_PRUNED', format('changes up to number %s are no longer kept', v_counter.pruned_seq),
      'take last_seq of feeds(), then a fresh snapshot, and go on from that number', 'after_seq');
  end if;
  if v_after > coalesce(v_counter.last_seq, 0) then
    perform durabase_private.refuse(410, 'CHANGES_PRUNED', format('the feed has come to number %s only', coalesce(v_counter.last_seq, 0)),
      'the database was restored: take last_seq of feeds(), then a fresh snapshot, and go on from that number', 'after_seq');
  end if;
  return query select c.seq, c.kind, c.entity_id, c.version, c.state, c.run_id, c.task_id, c.at
    from durabase_private.changes c where c.feed_id = v_counter.id and c.seq > v_after
    order by c.seq limit least(greatest(coalesce(p_limit, 500), 1), 1000);
end $$;

-- Changes of a feed after the number `after_seq`, in order and without a gap. A client that was away asks with its last number.
create function durabase.changes_since(feed text, after_seq bigint default 0, page_limit int default 500)
returns table (seq bigint, kind text, id text, version bigint, state text, run_id uuid, task_id uuid, at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.changes_since(feed, after_seq, page_limit);
end $$;

-- How to follow one run: the topic that tells of its events, and the number of the newest one.
create function durabase.run_feed(run uuid)
returns table (run_id uuid, workspace_id uuid, topic text, moves_topic text, last_seq bigint, state text, version bigint)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
  return query
    select r.id, r.workspace_id, format('durabase:run:%s:%s', r.id, durabase_private.feed_epoch(r.workspace_id)),
      format('durabase:moves:%s:%s', r.workspace_id, durabase_private.feed_epoch(r.workspace_id)), r.event_seq, r.state, r.version
    from durabase.task_runs r where r.id = run_feed.run;
  if not found then
    perform durabase_private.refuse(404, 'RUN_NOT_FOUND', 'no such run is visible to you', null, 'run');
  end if;
end $$;

-- Runs that changed after a position, for the API's streams, which then read what changed as their own users.
create function durabase_private.changed_runs(p_after bigint) returns table (run_id uuid, "position" bigint)
-- definer: the table is internal
language sql stable security definer set search_path = '' as $$
  select c.run_id, max(c.position) from durabase_private.changes c
  where c.position > p_after and c.run_id is not null group by c.run_id
$$;

create function durabase_private.sees_run(p_run uuid) returns boolean
-- definer: asked by a policy of another schema
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  return exists (
    select from durabase.task_runs r where r.id = p_run and (
      durabase_private.sees_all_runs(v_actor, r.workspace_id, r.task_id)
      or (r.actor_user_id = v_actor.user_id and r.workspace_id = any (durabase_private.ws_ids()))));
end $$;

-- Whether the caller may listen on one of our topics: 'durabase:<kind>:<id>[:<user>]:<epoch>' with the epoch of this moment.
create function durabase_private.may_listen(p_topic text) returns boolean
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
    when 'moves' then v_workspace = any (durabase_private.ws_ids()) or durabase_private.is_instance_admin() or exists (
      select from durabase.tasks t where t.workspace_id = v_workspace and t.id = any (durabase_private.shared_task_ids()))
    when 'own' then durabase_private.followed_feed('own:' || v_id) = 'own:' || v_id || ':' || v_part[4]
    else durabase_private.followed_feed(v_kind || ':' || v_id) is not null end;
end $$;

-- ── Realtime ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Restrictive as well, so that no generous policy of the app opens our topics: nobody but the database sends on them.
create policy durabase_listen on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select durabase_private.may_listen((select realtime.topic()))));
create policy durabase_only_listen on realtime.messages as restrictive for select to anon, authenticated
  using (coalesce((select realtime.topic()), topic) not like 'durabase:%' or (
    extension = 'broadcast' and (select durabase_private.may_listen((select realtime.topic())))));
create policy durabase_never_send on realtime.messages as restrictive for insert to anon, authenticated
  with check (topic not like 'durabase:%' and coalesce((select realtime.topic()), '') not like 'durabase:%');

-- What postgres_changes may tell of; row-level security decides for each subscriber.
alter publication supabase_realtime add table durabase.tasks, durabase.task_runs, durabase.run_steps, durabase.run_events, durabase.audit_log;

revoke execute on function durabase_private.followed_feed(text), durabase_private.last_seq(text), durabase.feeds(uuid),
  durabase_private.changes_since(text, bigint, int), durabase.changes_since(text, bigint, int), durabase.run_feed(uuid),
  durabase_private.changed_runs(bigint), durabase_private.sees_run(uuid), durabase_private.may_listen(text) from public;
grant execute on function durabase_private.last_seq(text), durabase.feeds(uuid), durabase_private.changes_since(text, bigint, int),
  durabase.changes_since(text, bigint, int), durabase.run_feed(uuid) to authenticated, service_role;
grant execute on function durabase_private.may_listen(text) to anon, authenticated, service_role;
grant execute on function durabase_private.changed_runs(bigint) to durabase_gateway;
