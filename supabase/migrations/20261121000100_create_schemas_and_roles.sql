-- The exposed schema, the private one, and the two roles of our own programs.
create schema if not exists durabase;
create schema if not exists durabase_private;

-- Roles belong to the whole cluster, so they may exist already. Neither can log in until somebody gives it a password:
--   alter role durabase_engine login password '…';
do $$ begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'durabase_engine') then
    create role durabase_engine nologin noinherit; -- worker: dispatcher, mirror, reconciler
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'durabase_gateway') then
    create role durabase_gateway nologin noinherit; -- API: acts as its callers
  end if;
end $$;

grant anon, authenticated, service_role to durabase_gateway;

grant usage on schema durabase to anon, authenticated, service_role, durabase_gateway;
-- The bodies behind the exposed functions live in the private schema; each is granted by name.
grant usage on schema durabase_private to anon, authenticated, service_role, durabase_engine, durabase_gateway;

comment on schema durabase is 'Durable tasks: what apps read and call.';
comment on schema durabase_private is 'Internals of durabase. Never expose this schema through the Data API.';

-- uuid v7: sorts by time of creation. Postgres has a built-in of its own only from version 18 on.
create function durabase_private.uuid_v7() returns uuid
language sql volatile parallel safe set search_path = '' as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- Refuses a call: PT<status> is the one kind of custom error that the Data API turns into that HTTP status.
-- The detail is for programs (code of the error table, path of the value), the hint says what to do.
create function durabase_private.refuse(p_status int, p_code text, p_message text, p_hint text default null, p_path text default null)
returns void language plpgsql volatile set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || p_status,
    message = p_message,
    detail = jsonb_strip_nulls(jsonb_build_object('code', p_code, 'path', p_path))::text,
    hint = coalesce(p_hint, '');
end $$;
revoke execute on function durabase_private.uuid_v7(), durabase_private.refuse(int, text, text, text, text) from public;
grant execute on function durabase_private.refuse(int, text, text, text, text) to authenticated, service_role, anon, durabase_gateway;
