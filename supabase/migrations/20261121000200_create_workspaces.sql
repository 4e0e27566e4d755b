-- Who shares what: instance settings and admins, profiles, workspaces, members.

create table durabase.instance_settings (
  only_row boolean primary key default true constraint instance_settings_single_row check (only_row),
  sign_up text not null default 'run_only'
    constraint instance_settings_sign_up_known check (sign_up in ('personal_workspace', 'run_only', 'nothing')),
  updated_at timestamptz not null default now()
);
comment on column durabase.instance_settings.sign_up is
  'What somebody who signs up gets: an own workspace, the right to run what was published, or nothing.';
insert into durabase.instance_settings default values;

create table durabase.profiles (
  id uuid primary key default durabase_private.uuid_v7(),
  user_id uuid unique references auth.users (id) on delete set null, -- a login is optional
  full_name text constraint profiles_full_name_length check (length(full_name) <= 200),
  email text constraint profiles_email_length check (length(email) <= 320),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table durabase.instance_admins (
  user_id uuid primary key references auth.users (id) on delete cascade,
  created_at timestamptz not null default now()
);

create table durabase.workspaces (
  id uuid primary key default durabase_private.uuid_v7(),
  name text not null constraint workspaces_name_length check (length(name) between 1 and 200),
  personal_user_id uuid unique references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
comment on column durabase.workspaces.personal_user_id is 'Set on the workspace that sign-up made for this user.';

create table durabase.workspace_members (
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null
    constraint workspace_members_role_known check (role in ('owner', 'admin', 'editor', 'runner', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);
create index workspace_members_user_id_idx on durabase.workspace_members (user_id);

-- ── Who is calling ────────────────────────────────────────────────────────────────────────────────────────────────────

create type durabase_private.actor as (kind text, user_id uuid, name text, is_privileged boolean);

-- The identity of this call: the token's claims if there are any, else the role of the session. Never an argument.
-- Only a session that has the rights of service_role is a service, whatever the claims of others say.
create function durabase_private.current_actor() returns durabase_private.actor
language plpgsql stable set search_path = '' as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  acting text := coalesce(nullif(current_setting('role', true), 'none'), session_user);
begin
  if claims ->> 'role' = 'service_role' and pg_catalog.pg_has_role(acting, 'service_role', 'usage') then
    return ('service', null, coalesce(claims ->> 'durabase_actor', 'service'), true)::durabase_private.actor;
  end if;
  if claims ->> 'sub' is not null and acting <> 'anon' then
    return ('user', (claims ->> 'sub')::uuid, coalesce(claims ->> 'email', 'user'), false)::durabase_private.actor;
  end if;
  if claims is not null or acting in ('anon', 'authenticated') then
    return ('anonymous', null, 'anonymous', false)::durabase_private.actor;
  end if;
  return (
    'sql_role', null, acting,
    pg_catalog.pg_has_role(acting, 'service_role', 'usage') -- true for superusers as well
  )::durabase_private.actor;
end $$;

-- The user of this call, null for everybody else.
create function durabase_private.uid() returns uuid language plpgsql stable set search_path = '' as $$
begin
  return (durabase_private.current_actor()).user_id;
end $$;

create function durabase_private.is_instance_admin() returns boolean
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from durabase.instance_admins a where a.user_id = durabase_private.uid());
end $$;

-- Workspaces whose rows the user may read as a member: all roles, or only those who see everybody's runs.
create function durabase_private.ws_ids(p_all_runs boolean default false) returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(m.workspace_id)
    from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.user_id = durabase_private.uid() and w.deleted_at is null and (not p_all_runs or m.role <> 'runner')
  ), '{}');
end $$;

-- Workspaces that the user administers.
create function durabase_private.admin_ws_ids() returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(m.workspace_id)
    from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.user_id = durabase_private.uid() and w.deleted_at is null and m.role in ('owner', 'admin')
  ), '{}');
end $$;

-- ── Sign-up ───────────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.on_sign_up() returns trigger
-- definer: runs inside the sign-up of Auth, whose role has no rights here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace uuid;
  v_name text := coalesce(nullif(left(new.email, 180), ''), 'Personal');
begin
  insert into durabase.profiles (user_id, email) values (new.id, left(new.email, 320)) on conflict (user_id) do nothing;
  if (select sign_up from durabase.instance_settings) = 'personal_workspace' then
    insert into durabase.workspaces (name, personal_user_id) values (v_name, new.id)
      on conflict (personal_user_id) do nothing returning id into v_workspace;
    if v_workspace is not null then
      insert into durabase.workspace_members (workspace_id, user_id, role) values (v_workspace, new.id, 'owner');
    end if;
  end if;
  return null;
end $$;

create trigger durabase_on_sign_up after insert on auth.users
  for each row execute function durabase_private.on_sign_up();

-- ── Rights ────────────────────────────────────────────────────────────────────────────────────────────────────────────

alter table durabase.instance_settings enable row level security;
alter table durabase.profiles enable row level security;
alter table durabase.instance_admins enable row level security;
alter table durabase.workspaces enable row level security;
alter table durabase.workspace_members enable row level security;

create policy instance_settings_read on durabase.instance_settings for select to authenticated
  using ((select durabase_private.is_instance_admin()));
create policy instance_admins_read on durabase.instance_admins for select to authenticated
  using (user_id = (select durabase_private.uid()) or (select durabase_private.is_instance_admin()));
create policy profiles_read on durabase.profiles for select to authenticated
  using (user_id = (select durabase_private.uid()) or (select durabase_private.is_instance_admin()));
create policy workspaces_read on durabase.workspaces for select to authenticated
  using (id = any ((select durabase_private.ws_ids())::uuid[]) or (select durabase_private.is_instance_admin()));
create policy workspace_members_read on durabase.workspace_members for select to authenticated
  using (
    user_id = (select durabase_private.uid())
    or workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or (select durabase_private.is_instance_admin())
  );

grant select on durabase.instance_settings, durabase.profiles, durabase.instance_admins, durabase.workspaces,
  durabase.workspace_members to authenticated, service_role;

revoke execute on function durabase_private.current_actor(), durabase_private.uid(), durabase_private.is_instance_admin(),
  durabase_private.ws_ids(boolean), durabase_private.admin_ws_ids(), durabase_private.on_sign_up() from public;
grant execute on function durabase_private.current_actor(), durabase_private.uid(), durabase_private.is_instance_admin(),
  durabase_private.ws_ids(boolean), durabase_private.admin_ws_ids() to anon, authenticated, service_role;
