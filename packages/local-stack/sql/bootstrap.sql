-- Runs as owner after lite has made its schemas and before the migrations. Local stack only: a real Supabase has all of this.

-- Roles belong to the whole server: databases that are prepared side by side take turns here.
lock table pg_catalog.pg_authid in share row exclusive mode;

do $$ begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  -- lite grants everything to everybody on its first request. As a login that owns nothing it cannot;
  -- it must inherit from the three, or it finds no tables.
  if not exists (select from pg_catalog.pg_roles where rolname = 'lite_api') then
    create role lite_api login inherit;
  end if;
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;

grant anon, authenticated, service_role to lite_api;
grant usage on schema public to anon, authenticated, service_role, lite_api;

grant usage on schema auth to anon, authenticated, service_role, lite_api;
grant select, insert, update, delete on all tables in schema auth to lite_api;
grant usage on all sequences in schema auth to lite_api;
grant usage on schema supabase_migrations to lite_api;
grant select on all tables in schema supabase_migrations to lite_api;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;

create schema if not exists realtime;
grant usage on schema realtime to anon, authenticated, service_role;

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
alter table realtime.messages enable row level security;
grant select, insert on realtime.messages to anon, authenticated, service_role;

create or replace function realtime.topic() returns text
language sql stable set search_path = '' as
$$ select nullif(current_setting('realtime.topic', true), '') $$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into realtime.messages (payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception when others then
  -- As on Supabase: a message that cannot be sent must not undo the change that it reports.
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
