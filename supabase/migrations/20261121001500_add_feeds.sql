-- Feeds: every change gets a number without a gap in each feed that it belongs to. Transactions append to feed_inbox and wait
-- for nobody; a sequencer empties it.

-- Names: 'workspace:<workspace>', 'own:<workspace>:<user>' (a runner's own runs), 'task:<task>' (a task shared with single users).
create table durabase_private.feed_counters (
  id int generated always as identity primary key,
  feed text not null unique,
  last_seq bigint not null,
  pruned_seq bigint not null default 0
);
comment on column durabase_private.feed_counters.pruned_seq is 'Numbers up to this one are no longer kept.';

create sequence durabase_private.changes_position_seq;
create table durabase_private.changes (
  feed_id int not null references durabase_private.feed_counters (id) on delete cascade,
  seq bigint not null,
  -- the order over all feeds; given by one sequencer at a time, so whoever has read up to a position has everything before it
  position bigint not null default nextval('durabase_private.changes_position_seq') unique,
  workspace_id uuid not null,
  task_id uuid,
  run_id uuid,
  kind text not null,
  entity_id text not null,
  version bigint not null,
  state text,
  at timestamptz not null,
  primary key (feed_id, seq)
);

-- Part of the names of topics: raised when somebody loses a right, so that his open channel hears nothing more.
create table durabase_private.feed_epochs (
  workspace_id uuid primary key references durabase.workspaces (id) on delete cascade,
  epoch bigint not null
);

-- Workspaces where somebody lost a right since the last pass of the sequencer.
create table durabase_private.lost_rights (
  n bigint generated always as identity primary key,
  workspace_id uuid not null
);

create function durabase_private.feed_epoch(p_workspace uuid) returns bigint
-- definer: the table is internal
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((select e.epoch from durabase_private.feed_epochs e where e.workspace_id = p_workspace), 0);
end $$;

-- ── The sequencer ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- Moves what is visible of the inbox into the feeds and returns the position before the first of them, and how many it took.
-- There is no cursor: what commits late is taken later, so nothing can be skipped.
create function durabase_private.number_changes(p_limit int, out before_position bigint, out taken_count int)
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

-- Raises the epoch where rights were lost. Comes after the numbering: whatever changed after the loss goes to the new topics.
create function durabase_private.raise_epochs() returns setof durabase_private.feed_epochs
language sql volatile set search_path = '' as $$
  with lost as (delete from durabase_private.lost_rights returning workspace_id)
  insert into durabase_private.feed_epochs as e (workspace_id, epoch)
    select distinct l.workspace_id, 1 from lost l join durabase.workspaces w on w.id = l.workspace_id order by 1
    on conflict (workspace_id) do update set epoch = e.epoch + 1
    returning e.*
$$;

-- What the followers are told about the changes after a position: thin messages, several changes in one.
create function durabase_private.feed_messages(p_after bigint) returns table (topic text, event text, payload jsonb)
language sql stable set search_path = '' as $$
  with fresh as (
    select c.*, k.feed, coalesce(e.epoch, 0) as epoch, row_number() over (partition by c.feed_id order by c.seq) as place
    from durabase_private.changes c
      join durabase_private.feed_counters k on k.id = c.feed_id
      left join durabase_private.feed_epochs e on e.workspace_id = c.workspace_id
    where c.position > p_after
  )
  select 'durabase:' || f.feed || ':' || f.epoch, 'changes', jsonb_build_object(
      'feed', split_part(f.feed, ':', 1) || ':' || split_part(f.feed, ':', 2), 'first', min(f.seq), 'last', max(f.seq),
      'changes', jsonb_agg(jsonb_build_object('seq', f.seq, 'kind', f.kind, 'id', f.entity_id, 'version', f.version, 'state', f.state) order by f.seq))
    from fresh f group by f.feed, f.epoch, (f.place - 1) / 400
  union all
  select 'durabase:run:' || r.id || ':' || f.epoch, 'events',
      jsonb_build_object('run', r.id, 'seq', r.event_seq, 'version', r.version, 'state', r.state)
    from (select distinct run_id, epoch from fresh where run_id is not null) f join durabase.task_runs r on r.id = f.run_id
$$;

-- One pass: numbers what has come, tells the followers, wakes the dispatchers. Returns how many changes it took, or -1 when
-- another sequencer is at it. Any number of workers may call it.
create function durabase_private.sequence_changes(p_limit int default 2000) returns int
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
    select from durabase_private.changes c
    where c.position > v_numbered.before_position and (c.kind = 'task' or (c.kind = 'run' and c.version = 1))
  ) then
    perform pg_notify('durabase_work', '');
  end if;
  return v_numbered.taken_count;
end $$;

-- Forgets changes older than p_keep, at most p_limit of them. Who asks for a forgotten number is told to begin anew.
create function durabase_private.prune_changes(p_keep interval default '7 days', p_limit int default 10000) returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  with old as (
    select c.position from durabase_private.changes c where c.at < clock_timestamp() - p_keep order by c.position limit p_limit
  ), gone as (
    delete from durabase_private.changes c using old where c.position = old.position returning c.feed_id, c.seq
  ), marked as (
    update durabase_private.feed_counters k set pruned_seq = greatest(k.pruned_seq, g.seq)
      from (select feed_id, max(seq) as seq from gone group by feed_id) g where k.id = g.feed_id
  )
  select count(*) into v_count from gone;
  return v_count;
end $$;

-- ── What goes into the inbox beside runs ──────────────────────────────────────────────────────────────────────────────

alter table durabase.tasks add column revision bigint not null default 1;
comment on column durabase.tasks.revision is 'Grows with every change of the row or of its versions'' states; the highest wins.';

create function durabase_private.raise_task_revision() returns trigger language plpgsql volatile set search_path = '' as $$
begin
  new.revision := old.revision + 1;
  return new;
end $$;
create trigger tasks_raise_revision before update on durabase.tasks
  for each row execute function durabase_private.raise_task_revision();

create function durabase_private.tell_feeds_of_task() returns trigger
-- definer: whoever changes a task may not write internal tables
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into durabase_private.feed_inbox (workspace_id, task_id, kind, entity_id, version, state)
    values (new.workspace_id, new.id, 'task', new.id::text, new.revision, case when new.deleted_at is null then 'live' else 'deleted' end);
  return null;
end $$;
create trigger tasks_tell_feeds after insert or update on durabase.tasks
  for each row execute function durabase_private.tell_feeds_of_task();

create function durabase_private.touch_task_of_version() returns trigger
-- definer: as above
language plpgsql volatile security definer set search_path = '' as $$
begin
  update durabase.tasks set updated_at = clock_timestamp() where id = new.task_id;
  return null;
end $$;
-- A version that became ready is written into its task anyway, unless a newer one is ready already.
create trigger task_versions_touch_task after update of state on durabase.task_versions
  for each row when (old.state is distinct from new.state and new.state = 'invalid')
  execute function durabase_private.touch_task_of_version();

create function durabase_private.note_lost_right() returns trigger
-- definer: as above
language plpgsql volatile security definer set search_path = '' as $$
begin
  case tg_table_name
    when 'workspace_members' then
      insert into durabase_private.lost_rights (workspace_id) values (old.workspace_id);
    when 'task_permissions' then
      insert into durabase_private.lost_rights (workspace_id) select t.workspace_id from durabase.tasks t where t.id = old.task_id;
    when 'workspaces' then
      insert into durabase_private.lost_rights (workspace_id) values (old.id);
    when 'instance_admins' then
      insert into durabase_private.lost_rights (workspace_id) select w.id from durabase.workspaces w;
  end case;
  return null;
end $$;
create trigger workspace_members_note_lost_right after delete or update of role, user_id, workspace_id on durabase.workspace_members
  for each row execute function durabase_private.note_lost_right();
create trigger task_permissions_note_lost_right after delete or update of can_view, user_id, task_id on durabase.task_permissions
  for each row execute function durabase_private.note_lost_right();
create trigger workspaces_note_lost_right after update of deleted_at on durabase.workspaces
  for each row execute function durabase_private.note_lost_right();
create trigger instance_admins_note_lost_right after delete or update of user_id on durabase.instance_admins
  for each row execute function durabase_private.note_lost_right();

alter table durabase_private.feed_counters enable row level security;
alter table durabase_private.changes enable row level security;
alter table durabase_private.feed_epochs enable row level security;
alter table durabase_private.lost_rights enable row level security;

revoke execute on function durabase_private.feed_epoch(uuid), durabase_private.number_changes(int), durabase_private.raise_epochs(),
  durabase_private.feed_messages(bigint), durabase_private.sequence_changes(int), durabase_private.prune_changes(interval, int),
  durabase_private.raise_task_revision(), durabase_private.tell_feeds_of_task(), durabase_private.touch_task_of_version(),
  durabase_private.note_lost_right() from public;
grant execute on function durabase_private.sequence_changes(int), durabase_private.prune_changes(interval, int) to durabase_engine;
grant execute on function durabase_private.feed_epoch(uuid) to authenticated, service_role;
