-- What changed, for the API's streams: beside the runs (changed_runs) the feeds, and the position from which to look on.

-- The newest position. One that has gone back says that the database was restored.
create function durabase_private.changes_head() returns bigint
-- definer: the table is internal
language sql stable security definer set search_path = '' as $$
  select coalesce(max(c.position), 0) from durabase_private.changes c
$$;

-- Feeds that changed after a position, by the names under which they are numbered. Their streams then read as their own users.
create function durabase_private.changed_feeds(p_after bigint) returns table (feed text, "position" bigint)
-- definer: the tables are internal
language sql stable security definer set search_path = '' as $$
  select k.feed, max(c.position)
  from durabase_private.changes c join durabase_private.feed_counters k on k.id = c.feed_id
  where c.position > p_after group by k.feed
$$;

revoke execute on function durabase_private.changes_head(), durabase_private.changed_feeds(bigint) from public;
grant execute on function durabase_private.changes_head(), durabase_private.changed_feeds(bigint) to durabase_gateway;
