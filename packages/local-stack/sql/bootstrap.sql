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
  -- The login of our Realtime endpoint: it owns nothing, inherits nothing, and acts as whoever listens.
  if not exists (select from pg_catalog.pg_roles where rolname = 'realtime_server') then
    create role realtime_server login noinherit;
  end if;
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;

grant anon, authenticated, service_role to lite_api, realtime_server;
grant usage on schema public to anon, authenticated, service_role, lite_api;

grant usage on schema auth to anon, authenticated, service_role, lite_api;
grant select, insert, update, delete on all tables in schema auth to lite_api;
grant usage on all sequences in schema auth to lite_api;
grant usage on schema supabase_migrations to lite_api;
grant select on all tables in schema supabase_migrations to lite_api;
-- Tables that are made later, beside the migrations: without any privilege on one, lite would not start again (see after.sql).
alter default privileges grant references on tables to lite_api;
alter default privileges grant usage on sequences to lite_api;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;
