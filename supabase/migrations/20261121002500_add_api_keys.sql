-- API keys: servers call the API as a member of one workspace, confined to that workspace and to the scopes of the key. A key never
-- may more than the member who made it may at that moment. The key itself is told once; only its hash is kept.

create table durabase.api_keys (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  name text not null constraint api_keys_name_length check (length(name) between 1 and 100),
  prefix text not null constraint api_keys_prefix_form check (prefix ~ '^dbk_[A-Za-z0-9_-]{8}$'),
  scopes text[] not null
    constraint api_keys_scopes_known check (cardinality(scopes) > 0
      and scopes <@ array['runs:read', 'runs:start', 'runs:operate', 'tasks:read', 'tasks:write', 'events:emit', 'admin']),
  created_by uuid not null references auth.users (id) on delete cascade, -- whoever is gone takes his keys along
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on column durabase.api_keys.prefix is 'How the key begins, to tell keys apart.';
comment on column durabase.api_keys.last_used_at is 'To the minute, so that use costs no write each time.';
create index api_keys_workspace_idx on durabase.api_keys (workspace_id, id); -- ids sort by time
create index api_keys_created_by_idx on durabase.api_keys (created_by);

create table durabase_private.api_key_hashes (
  key_id uuid primary key references durabase.api_keys (id) on delete cascade,
  hash text not null unique -- SHA-256 in hex: keys are random, so nothing slower is needed
);
alter table durabase.api_keys enable row level security;
alter table durabase_private.api_key_hashes enable row level security;
grant select on durabase.api_keys to authenticated, service_role;
create policy api_keys_read on durabase.api_keys for select to authenticated
  using (workspace_id = any ((select durabase_private.admin_ws_ids())::uuid[]) or (select durabase_private.is_instance_admin()));

-- ── Who is calling ────────────────────────────────────────────────────────────────────────────────────────────────────

-- The key of this call, if one calls. Only the API's own login can say so, and only with the hash of a key that is good now: a claim of
-- this name in the token of a user says nothing.
create function durabase_private.key_of_call() returns durabase.api_keys
-- definer: reads hashes, and keys that the caller may not read
language plpgsql stable security definer set search_path = '' as $$
declare
  v_claims text := current_setting('request.jwt.claims', true);
  v_key durabase.api_keys;
begin
  if v_claims is null or strpos(v_claims, '"durabase_api_key"') = 0 then return null; end if; -- almost always
  if not pg_catalog.pg_has_role(session_user, 'durabase_gateway', 'member') then return null; end if;
  select k.* into v_key from durabase_private.api_key_hashes h join durabase.api_keys k on k.id = h.key_id
    where h.hash = v_claims::jsonb ->> 'durabase_api_key' and not v_claims::jsonb ? 'sub'
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  return v_key;
end $$;

-- Whether this call may use one of these scopes: true where no key calls.
create function durabase_private.key_allows(p_scopes text[]) returns boolean
-- definer: reads the key, which its user may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key durabase.api_keys;
begin
  if strpos(coalesce(current_setting('request.jwt.claims', true), ''), '"durabase_api_key"') = 0 then return true; end if;
  v_key := durabase_private.key_of_call();
  return v_key.id is null or v_key.scopes && (p_scopes || 'admin'::text); -- a claim that is none makes nobody more than he is
end $$;

-- As before; a key that calls is the member who made it, and every right is confined below.
create or replace function durabase_private.current_actor() returns durabase_private.actor
language plpgsql stable set search_path = '' as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  acting text := coalesce(nullif(current_setting('role', true), 'none'), session_user);
  v_key durabase.api_keys;
begin
  if claims ->> 'role' = 'service_role' and pg_catalog.pg_has_role(acting, 'service_role', 'usage') then
    return ('service', null, coalesce(claims ->> 'durabase_actor', 'service'), true)::durabase_private.actor;
  end if;
  if claims ->> 'sub' is not null and acting <> 'anon' then
    return ('user', (claims ->> 'sub')::uuid, coalesce(claims ->> 'email', 'user'), false)::durabase_private.actor;
  end if;
  if claims ? 'durabase_api_key' and acting <> 'anon' then
    v_key := durabase_private.key_of_call();
    if v_key.id is not null then
      return ('user', v_key.created_by, format('%s (%s…)', v_key.name, v_key.prefix), false)::durabase_private.actor;
    end if;
  end if;
  if claims is not null or acting in ('anon', 'authenticated') then
    return ('anonymous', null, 'anonymous', false)::durabase_private.actor;
  end if;
  return (
    'sql_role', null, acting,
    pg_catalog.pg_has_role(acting, 'service_role', 'usage') -- true for superusers as well
  )::durabase_private.actor;
end $$;

revoke execute on function durabase_private.key_of_call(), durabase_private.key_allows(text[]) from public;
grant execute on function durabase_private.key_of_call(), durabase_private.key_allows(text[]) to anon, authenticated, service_role;
