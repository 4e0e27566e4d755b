-- Functions in plain SQL are planned at each call: 1.9 ms of a pass of the sequencer. These two run in each.

-- What the followers are told about the changes after a position: thin messages, several changes in one.
create or replace function durabase_private.feed_messages(p_after bigint) returns table (topic text, event text, payload jsonb)
-- generic: planned once, for tables of any size; whatever is looked up is looked up by its key
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  return query
  with fresh as materialized (
    select c.*, k.feed, coalesce(e.epoch, 0) as epoch, row_number() over (partition by c.feed_id order by c.seq) as place
    from (select * from durabase_private.changes p where p.position > p_after order by p.position limit 1000000) c
      cross join lateral (select k.feed from durabase_private.feed_counters k where k.id = c.feed_id offset 0) k
      left join lateral (select e.epoch from durabase_private.feed_epochs e where e.workspace_id = c.workspace_id offset 0) e on true
  )
  select 'durabase:' || f.feed || ':' || f.epoch, 'changes', jsonb_build_object(
      'feed', split_part(f.feed, ':', 1) || ':' || split_part(f.feed, ':', 2), 'first', min(f.seq), 'last', max(f.seq),
      'changes', jsonb_agg(jsonb_build_object('seq', f.seq, 'kind', f.kind, 'id', f.entity_id, 'version', f.version, 'state', f.state) order by f.seq))
    from fresh f group by f.feed, f.epoch, (f.place - 1) / 400
  union all
  select 'durabase:run:' || r.id || ':' || f.epoch, 'events',
      jsonb_build_object('run', r.id, 'seq', r.event_seq, 'version', r.version, 'state', r.state)
    from (select distinct x.run_id, x.epoch from fresh x where x.run_id is not null) f
      cross join lateral (select r.id, r.event_seq, r.version, r.state from durabase.task_runs r where r.id = f.run_id offset 0) r;
end $$;

-- Raises the membership epoch of every workspace where somebody has lost a right since the last pass; returns the new epochs.
create or replace function durabase_private.raise_epochs() returns setof durabase_private.feed_epochs
language plpgsql volatile set search_path = '' as $$
begin
  if not exists (select from durabase_private.lost_rights) then return; end if;
  return query
  with lost as (delete from durabase_private.lost_rights returning workspace_id)
  insert into durabase_private.feed_epochs as e (workspace_id, epoch)
    select distinct l.workspace_id, 1 from lost l join durabase.workspaces w on w.id = l.workspace_id order by 1
    on conflict (workspace_id) do update set epoch = e.epoch + 1
    returning e.*;
end $$;
