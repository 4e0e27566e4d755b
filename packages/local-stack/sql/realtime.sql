-- What Supabase Realtime keeps in a database, and what our endpoint of the same protocol needs. Runs as owner after bootstrap.sql.
-- Local stack only.

create schema if not exists realtime;
grant usage on schema realtime to anon, authenticated, service_role, realtime_server;

create table if not exists realtime.messages (
  id uuid primary key default gen_random_uuid(),
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now()
);
alter table realtime.messages add column if not exists binary_payload bytea;
-- Without a time zone, and so in one for all writers.
alter table realtime.messages
  alter column updated_at set default (now() at time zone 'utc'),
  alter column inserted_at set default (now() at time zone 'utc');
create index if not exists messages_inserted_at on realtime.messages using brin (inserted_at) with (autosummarize = on);
alter table realtime.messages enable row level security;
grant select, insert on realtime.messages to anon, authenticated, service_role;
grant select, insert, delete on realtime.messages to realtime_server;
drop policy if exists realtime_server_all on realtime.messages;
create policy realtime_server_all on realtime.messages to realtime_server using (true) with check (true);

-- Tables that somebody listens to. Triggers write for these only: nobody pays while nobody listens.
create unlogged table if not exists realtime.subscription (
  entity oid primary key,
  -- The endpoint looks into the outboxes all the time, for there is much to take: writers need not wake it.
  -- Transactions that notify commit one after the other; with 16 writers that is a third of their speed.
  is_polled boolean not null default false,
  created_at timestamptz not null default now()
);

-- What the endpoint has not taken yet. It deletes what it takes: no position that a late commit could fall behind.
create unlogged table if not exists realtime.message_outbox (
  id bigint generated always as identity primary key,
  message_id uuid not null
);
create unlogged table if not exists realtime.change_outbox (
  id bigint generated always as identity primary key,
  entity oid not null,
  operation text not null,
  record jsonb,
  old_record jsonb,
  captured_at timestamptz not null default clock_timestamp()
);
grant select, insert, delete, update (is_polled) on realtime.subscription to realtime_server;
grant select, delete on realtime.message_outbox, realtime.change_outbox to realtime_server;

create or replace function realtime.topic() returns text
language sql stable set search_path = '' as
$$ select nullif(current_setting('realtime.topic', true), '') $$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (v_id, case when payload ? 'id' then payload else jsonb_set(payload, '{id}', to_jsonb(v_id)) end, event, topic, private, 'broadcast');
exception when others then
  -- As on Supabase: a message that cannot be sent must not undo the change that it reports.
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end $$;

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end $$;

create or replace function realtime.broadcast_changes(
  topic_name text,
  event_name text,
  operation text,
  table_name text,
  table_schema text,
  new record,
  old record,
  level text default 'ROW'
) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('old_record', old, 'record', new, 'operation', operation, 'table', table_name, 'schema', table_schema),
    event_name,
    topic_name
  );
end $$;

create or replace function realtime.hand_out_message() returns trigger
-- definer: writers have no right on the outbox
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_is_polled boolean;
begin
  select s.is_polled into v_is_polled from realtime.subscription s where s.entity = tg_relid;
  if not found or new.extension <> 'broadcast' then return null; end if;
  insert into realtime.message_outbox (message_id) values (new.id);
  if not v_is_polled then perform pg_notify('realtime_outbox', ''); end if;
  return null;
end $$;
create or replace trigger hand_out_message after insert on realtime.messages
  for each row execute function realtime.hand_out_message();

create or replace function realtime.hand_out_change(p_entity oid, p_operation text, p_new anyelement, p_old anyelement) returns void
-- The time zone decides how a time looks in JSON: the same for all writers.
language plpgsql volatile set search_path = '' set timezone = 'UTC' as $$
begin
  insert into realtime.change_outbox (entity, operation, record, old_record)
  values (p_entity, p_operation, to_jsonb(p_new), to_jsonb(p_old));
end $$;

create or replace function realtime.capture_change() returns trigger
-- definer: writers have no right on the outbox
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_is_polled boolean;
begin
  select s.is_polled into v_is_polled from realtime.subscription s where s.entity = tg_relid;
  if not found then return null; end if;
  case tg_op
    when 'INSERT' then perform realtime.hand_out_change(tg_relid, tg_op, new, null);
    when 'UPDATE' then perform realtime.hand_out_change(tg_relid, tg_op, new, old);
    else perform realtime.hand_out_change(tg_relid, tg_op, null, old);
  end case;
  if not v_is_polled then perform pg_notify('realtime_outbox', ''); end if;
  return null;
end $$;

-- Puts the trigger on each table of the publication, and takes it from tables that have left.
create or replace function realtime.follow_publication() returns void
-- definer: the endpoint calls it, and owns no table
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid from pg_catalog.pg_publication_tables p
    join pg_catalog.pg_namespace n on n.nspname = p.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
    where p.pubname = 'supabase_realtime' and n.nspname <> 'realtime'
      and not exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgname = 'zz_realtime')
  loop
    execute format('create trigger zz_realtime after insert or update or delete on %s for each row execute function realtime.capture_change()', v_table);
  end loop;
  for v_table in
    select t.tgrelid from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where t.tgname = 'zz_realtime' and t.tgparentid = 0 and not exists (
      select from pg_catalog.pg_publication_tables p
      where p.pubname = 'supabase_realtime' and p.schemaname = n.nspname and p.tablename = c.relname)
  loop
    execute format('drop trigger zz_realtime on %s', v_table);
  end loop;
end $$;

-- The rest of the transaction acts as this caller, on this topic. What policies call may rely on the search path that requests
-- have; it has to be set where it is needed, for a function that sets its own one loses it at its end.
create or replace function realtime.act_as(p_role text, p_claims text, p_topic text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform
    set_config('request.jwt.claims', p_claims, true),
    set_config('request.jwt.claim.sub', coalesce(p_claims::jsonb ->> 'sub', ''), true),
    set_config('request.jwt.claim.role', p_role, true),
    set_config('request.headers', '{}', true),
    set_config('realtime.topic', coalesce(p_topic, ''), true),
    set_config('role', p_role, true);
end $$;

-- Which extensions the caller may read on the topic, and on which he may write, by the policies on realtime.messages:
-- rows are tried and rolled back. Answers like {read:broadcast,write:presence}.
create or replace function realtime.check_topic(p_role text, p_claims text, p_topic text, p_reads text[], p_writes text[]) returns text[]
language plpgsql volatile set search_path = '' as $$
declare
  v_probes uuid[];
  v_found text[] := '{}';
  v_extension text;
begin
  begin
    with probes as (
      insert into realtime.messages (topic, extension) select p_topic, e from unnest(p_reads) e returning id
    )
    select array_agg(id) into v_probes from probes;
    perform realtime.act_as(p_role, p_claims, p_topic);
    perform set_config('search_path', 'public, extensions', true);
    select coalesce(array_agg('read:' || m.extension), '{}') into v_found from realtime.messages m where m.id = any (v_probes);
    raise exception sqlstate 'RT000';
  exception when sqlstate 'RT000' then null;
  end;
  foreach v_extension in array p_writes loop
    begin
      perform realtime.act_as(p_role, p_claims, p_topic);
      perform set_config('search_path', 'public, extensions', true);
      insert into realtime.messages (topic, extension) values (p_topic, v_extension);
      v_found := v_found || ('write:' || v_extension);
      raise exception sqlstate 'RT000';
    exception when sqlstate 'RT000' or insufficient_privilege then null;
    end;
  end loop;
  return v_found;
end $$;

-- Runs checks on rows that have changed as the caller: which rows he sees (n), and which of his filters they pass.
-- Each check brings its statement, the rows as JSON ($1), and the values of its filters ($2).
create or replace function realtime.check_changes(p_role text, p_claims text, p_checks jsonb)
returns table (n integer, passed integer[])
language plpgsql volatile set search_path = '' as $$
declare
  v_check jsonb;
begin
  perform realtime.act_as(p_role, p_claims, null);
  perform set_config('search_path', 'public, extensions', true);
  for v_check in select value from jsonb_array_elements(p_checks) loop
    return query execute v_check ->> 'sql'
      using v_check -> 'rows', array(select jsonb_array_elements_text(v_check -> 'values'));
  end loop;
end $$;

revoke execute on function
  realtime.hand_out_message(), realtime.capture_change(), realtime.hand_out_change(oid, text, anyelement, anyelement),
  realtime.follow_publication(), realtime.act_as(text, text, text), realtime.check_topic(text, text, text, text[], text[]),
  realtime.check_changes(text, text, jsonb)
  from public;
grant execute on function
  realtime.follow_publication(), realtime.act_as(text, text, text), realtime.check_topic(text, text, text, text[], text[]),
  realtime.check_changes(text, text, jsonb)
  to realtime_server;
