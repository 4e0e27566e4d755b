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

-- ── Rights of that moment: those of the member and those of the key, whichever are less ───────────────────────────────

create or replace function durabase_private.has_right(p_actor durabase_private.actor, p_right text, p_workspace uuid, p_task uuid default null)
returns boolean
-- definer: reads memberships of others' choosing
language plpgsql stable security definer set search_path = '' as $$
declare
  v_role text;
  v_key durabase.api_keys;
begin
  if p_actor.is_privileged then return true; end if;
  if p_actor.kind <> 'user' then return false; end if;
  v_key := durabase_private.key_of_call();
  if v_key.id is not null and not (
    p_workspace = v_key.workspace_id and ('admin' = any (v_key.scopes) and p_right <> 'own' or case p_right
      when 'view' then true -- of what it sees, its scopes decide where it is read
      when 'run' then v_key.scopes && (case when p_task is null then array['runs:start', 'runs:operate', 'events:emit'] else array['runs:start', 'runs:operate'] end)
      when 'edit' then 'tasks:write' = any (v_key.scopes)
      when 'admin' then p_task is not null and 'runs:operate' = any (v_key.scopes)
      else false end)
  ) then return false; end if;
  select m.role into v_role
    from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.workspace_id = p_workspace and m.user_id = p_actor.user_id and w.deleted_at is null;
  if (case p_right
    when 'view' then v_role is not null
    when 'run' then v_role in ('owner', 'admin', 'editor', 'runner')
    when 'edit' then v_role in ('owner', 'admin', 'editor')
    when 'admin' then v_role in ('owner', 'admin')
    when 'own' then v_role = 'owner'
    else false end)
  then return true; end if;
  if p_task is not null and exists (
    select from durabase.task_permissions p
      join durabase.tasks t on t.id = p.task_id join durabase.workspaces w on w.id = t.workspace_id
    where p.task_id = p_task and p.user_id = p_actor.user_id and w.deleted_at is null
      and case p_right when 'view' then p.can_view when 'run' then p.can_run when 'edit' then p.can_edit else false end
  ) then return true; end if;
  return exists (select from durabase.instance_admins a where a.user_id = p_actor.user_id);
end $$;

create or replace function durabase_private.sees_all_runs(p_actor durabase_private.actor, p_workspace uuid, p_task uuid) returns boolean
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key durabase.api_keys := durabase_private.key_of_call();
begin
  if p_actor.is_privileged then return true; end if;
  if v_key.id is not null and not (p_workspace = v_key.workspace_id and v_key.scopes && array['runs:read', 'runs:operate', 'admin']) then
    return false;
  end if;
  return exists (
      select from durabase.workspaces w where w.id = p_workspace and w.deleted_at is null and (
        exists (select from durabase.workspace_members m where m.workspace_id = w.id and m.user_id = p_actor.user_id and m.role <> 'runner')
        or exists (select from durabase.task_permissions p where p.task_id = p_task and p.user_id = p_actor.user_id and p.can_view)))
    or exists (select from durabase.instance_admins a where a.user_id = p_actor.user_id);
end $$;

create or replace function durabase_private.is_instance_admin() returns boolean
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from durabase.instance_admins a where a.user_id = durabase_private.uid())
    and (durabase_private.key_of_call()).id is null; -- a key stays in its workspace
end $$;

-- Workspaces whose rows the user may read as a member: all roles, or only those who see everybody's runs.
create or replace function durabase_private.ws_ids(p_all_runs boolean default false) returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key durabase.api_keys := durabase_private.key_of_call();
  v_actor durabase_private.actor;
begin
  if v_key.id is not null then
    v_actor := durabase_private.current_actor();
    return case when durabase_private.has_right(v_actor, 'view', v_key.workspace_id)
      and (not p_all_runs or durabase_private.sees_all_runs(v_actor, v_key.workspace_id, null)) then array[v_key.workspace_id] else '{}' end;
  end if;
  return coalesce((
    select array_agg(m.workspace_id)
    from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.user_id = durabase_private.uid() and w.deleted_at is null and (not p_all_runs or m.role <> 'runner')
  ), '{}');
end $$;

-- Workspaces that the user administers.
create or replace function durabase_private.admin_ws_ids() returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key durabase.api_keys := durabase_private.key_of_call();
begin
  if v_key.id is not null then
    return case when durabase_private.has_right(durabase_private.current_actor(), 'admin', v_key.workspace_id)
      then array[v_key.workspace_id] else '{}' end;
  end if;
  return coalesce((
    select array_agg(m.workspace_id)
    from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.user_id = durabase_private.uid() and w.deleted_at is null and m.role in ('owner', 'admin')
  ), '{}');
end $$;

create or replace function durabase_private.shared_task_ids() returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key durabase.api_keys := durabase_private.key_of_call();
begin
  return coalesce((
    select array_agg(p.task_id)
    from durabase.task_permissions p
      join durabase.tasks t on t.id = p.task_id join durabase.workspaces w on w.id = t.workspace_id
    where p.user_id = durabase_private.uid() and p.can_view and w.deleted_at is null
      and (v_key.id is null or t.workspace_id = v_key.workspace_id)
  ), '{}');
end $$;

-- A key acts as a member, never as an end user.
create or replace function durabase_private.has_end_users() returns boolean
-- definer: callers may not read the settings
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.sign_up <> 'nothing' from durabase.instance_settings s) and (durabase_private.key_of_call()).id is null;
end $$;

-- As before; a key has one workspace.
create or replace function durabase_private.find_workspace(p_actor durabase_private.actor, p_workspace uuid) returns uuid
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_ids uuid[];
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  p_workspace := coalesce(p_workspace, (durabase_private.key_of_call()).workspace_id);
  if p_workspace is not null then
    if not exists (select from durabase.workspaces w where w.id = p_workspace and w.deleted_at is null)
      or not (
        durabase_private.has_right(p_actor, 'view', p_workspace)
        or exists (
          select from durabase.tasks t join durabase.task_permissions p on p.task_id = t.id
          where t.workspace_id = p_workspace and t.deleted_at is null and p.user_id = p_actor.user_id and p.can_view
            and (durabase_private.key_of_call()).id is null)
      ) then
      perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'no such workspace is visible to you', null, 'workspace');
    end if;
    return p_workspace;
  end if;
  select array_agg(w.id order by (w.personal_user_id is not distinct from p_actor.user_id) desc, w.id) into v_ids
    from durabase.workspaces w
    where w.deleted_at is null and (
      p_actor.is_privileged
      or exists (select from durabase.workspace_members m where m.workspace_id = w.id and m.user_id = p_actor.user_id));
  if v_ids is null then
    perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'you are in no workspace', 'ask for an invitation', 'workspace');
  end if;
  if cardinality(v_ids) > 1 and not exists (
    select from durabase.workspaces w where w.id = v_ids[1] and w.personal_user_id = p_actor.user_id
  ) then
    perform durabase_private.refuse(422, 'WORKSPACE_AMBIGUOUS', format('you see %s workspaces', cardinality(v_ids)),
      'name the workspace', 'workspace');
  end if;
  return v_ids[1];
end $$;

-- Runs are read by an index in the order of pages: a policy of its own would cost that plan, so the scopes stand in what is compared. Steps,
-- events and links follow the run.
create function durabase_private.runs_reader() returns uuid language plpgsql stable set search_path = '' as $$
begin
  return case when durabase_private.key_allows('{runs:read,runs:operate}') then durabase_private.uid() end;
end $$;
create function durabase_private.shared_run_task_ids() returns uuid[] language plpgsql stable set search_path = '' as $$
begin
  return case when durabase_private.key_allows('{runs:read,runs:operate}') then durabase_private.shared_task_ids() else '{}' end;
end $$;
alter policy task_runs_read on durabase.task_runs
  using (
    workspace_id = any ((select durabase_private.ws_ids(true))::uuid[])
    or task_id = any ((select durabase_private.shared_run_task_ids())::uuid[])
    or (actor_user_id = (select durabase_private.runs_reader()) and (
      workspace_id = any ((select durabase_private.ws_ids())::uuid[])
      or (end_user_kind = 'run' and workspace_id = any ((select durabase_private.end_user_ws_ids())::uuid[]))))
    or (select durabase_private.is_instance_admin())
  );

-- Policies beside those that say which rows: which kinds of rows the scopes of a key open. One look a statement.
do $$
declare
  v_rule record;
begin
  for v_rule in select * from (values
    ('tasks', array['tasks:read', 'tasks:write']), ('task_versions', array['tasks:read', 'tasks:write']),
    ('events', array['runs:read', 'events:emit']),
    ('audit_log', array['admin']), ('profiles', array['admin']),
    ('workspace_invitations', array['admin']), ('task_permissions', array['admin']), ('instance_admins', array['admin']),
    ('instance_settings', array['admin'])
  ) as rules (table_name, scopes) loop
    execute format('create policy %I on durabase.%I as restrictive for select to authenticated using ((select durabase_private.key_allows(%L)))',
      v_rule.table_name || '_scope', v_rule.table_name, v_rule.scopes);
  end loop;
end $$;
create policy workspace_members_scope on durabase.workspace_members as restrictive for select to authenticated
  using ((select durabase_private.key_allows('{admin}')) or workspace_id = any ((select durabase_private.ws_ids())::uuid[]));
create policy api_keys_read on durabase.api_keys for select to authenticated
  using (workspace_id = any ((select durabase_private.admin_ws_ids())::uuid[]) or (select durabase_private.is_instance_admin()));

-- ── What is written down ──────────────────────────────────────────────────────────────────────────────────────────────

alter table durabase.task_runs drop constraint task_runs_actor_kind_known,
  add constraint task_runs_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role', 'operator', 'api_key')) not valid;
alter table durabase.task_runs validate constraint task_runs_actor_kind_known;
alter table durabase.events drop constraint events_actor_kind_known,
  add constraint events_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role', 'api_key')) not valid;
alter table durabase.events validate constraint events_actor_kind_known;

-- Rights are those of a member, but rows say that it was a key.
create function durabase_private.note_key() returns trigger language plpgsql volatile set search_path = '' as $$
begin
  if (durabase_private.key_of_call()).id is not null then new.actor_kind := 'api_key'; end if;
  return new;
end $$;
create trigger task_runs_note_key before insert on durabase.task_runs for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();
create trigger events_note_key before insert on durabase.events for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();
create trigger audit_log_note_key before insert on durabase.audit_log for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();

-- The actor of a run at this moment: work that a step does for a user checks the rights of now. What a key began is done with the rights of
-- its member, in the workspace of the run.
create or replace function durabase_private.actor_of_run(p_run durabase.task_runs) returns durabase_private.actor
language sql stable set search_path = '' as $$
  select (case p_run.actor_kind when 'api_key' then 'user' else p_run.actor_kind end, p_run.actor_user_id, p_run.actor_name,
    p_run.actor_kind not in ('user', 'api_key'))::durabase_private.actor
$$;

-- ── Making and revoking ───────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.create_api_key(
  p_name text, p_scopes text[], p_workspace uuid, p_expires_at timestamptz, out api_key durabase.api_keys, out key text
)
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.find_workspace(v_actor, p_workspace);
  v_scopes text[];
  v_body text;
begin
  if not durabase_private.has_right(v_actor, 'admin', v_workspace) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only admins of the workspace make API keys', 'ask one of them');
  end if;
  if v_actor.kind <> 'user' or (durabase_private.key_of_call()).id is not null then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'an API key belongs to a member, and no key makes others', 'sign in as an admin of the workspace');
  end if;
  if p_name is null or length(p_name) not between 1 and 100 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the name of a key has 1 to 100 characters', null, 'name');
  end if;
  select array_agg(distinct s order by s) into v_scopes from unnest(p_scopes) s;
  if v_scopes is null or array_position(v_scopes, null) is not null
    or not v_scopes <@ array['runs:read', 'runs:start', 'runs:operate', 'tasks:read', 'tasks:write', 'events:emit', 'admin'] then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('the scopes %s are not known', to_json(p_scopes)),
      'use runs:read, runs:start, runs:operate, tasks:read, tasks:write, events:emit or admin', 'scopes');
  end if;
  if p_expires_at <= now() then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the key would have expired already', 'choose a time to come', 'expires_at');
  end if;
  v_body := translate(rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '='), E'+/\n', '-_');
  key := 'dbk_' || v_body || '_' || left(encode(sha256(convert_to(v_body, 'utf8')), 'hex'), 6); -- tells a typo from a wrong key
  insert into durabase.api_keys (workspace_id, name, prefix, scopes, created_by, expires_at)
    values (v_workspace, p_name, left(key, 12), v_scopes, v_actor.user_id, p_expires_at) returning * into api_key;
  insert into durabase_private.api_key_hashes (key_id, hash) values (api_key.id, encode(sha256(convert_to(key, 'utf8')), 'hex'));
  perform durabase_private.audit(v_actor, v_workspace, 'api_key.created', 'api_key', api_key.id::text,
    jsonb_strip_nulls(jsonb_build_object('name', p_name, 'prefix', api_key.prefix, 'scopes', to_jsonb(v_scopes), 'expiresAt', p_expires_at)));
end $$;

-- Makes an API key of the caller in a workspace that he administers. `key` is told this once.
create function durabase.create_api_key(name text, scopes text[], workspace uuid default null, expires_at timestamptz default null)
returns table (api_key durabase.api_keys, key text) language plpgsql volatile set search_path = '' as $$
begin
  return query select c.api_key, c.key from durabase_private.create_api_key(name, scopes, workspace, expires_at) c;
end $$;

create function durabase_private.revoke_api_key(p_key uuid) returns durabase.api_keys
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_key durabase.api_keys;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_key from durabase.api_keys k where k.id = p_key for update;
  if v_key.id is null or not durabase_private.has_right(v_actor, 'admin', v_key.workspace_id) then
    perform durabase_private.refuse(404, 'API_KEY_NOT_FOUND', 'no such API key is visible to you', 'admins of its workspace see it', 'api_key');
  end if;
  if v_key.revoked_at is not null then return v_key; end if;
  update durabase.api_keys set revoked_at = clock_timestamp() where id = p_key returning * into v_key;
  perform durabase_private.audit(v_actor, v_key.workspace_id, 'api_key.revoked', 'api_key', p_key::text,
    jsonb_build_object('name', v_key.name, 'prefix', v_key.prefix));
  return v_key;
end $$;

-- Ends an API key at once, for good.
create function durabase.revoke_api_key(api_key uuid) returns durabase.api_keys language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.revoke_api_key(api_key);
end $$;

-- What the API asks before it acts for a key: how it stands with it. Notes its use.
create function durabase_private.look_up_api_key(p_hash text) returns table (state text, key_id uuid, scopes text[])
-- definer: the gateway has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key durabase.api_keys;
begin
  select k.* into v_key from durabase_private.api_key_hashes h join durabase.api_keys k on k.id = h.key_id where h.hash = p_hash;
  if v_key.id is null then return; end if;
  if v_key.revoked_at is null and (v_key.last_used_at is null or v_key.last_used_at < date_trunc('minute', now())) then
    update durabase.api_keys k set last_used_at = date_trunc('minute', now()) where k.id = v_key.id;
  end if;
  return query select case when v_key.revoked_at is not null then 'revoked' when v_key.expires_at <= now() then 'expired' else 'good' end, v_key.id, v_key.scopes;
end $$;

revoke execute on function durabase_private.key_of_call(), durabase_private.key_allows(text[]), durabase_private.runs_reader(),
  durabase_private.shared_run_task_ids(), durabase_private.note_key(),
  durabase_private.create_api_key(text, text[], uuid, timestamptz), durabase.create_api_key(text, text[], uuid, timestamptz),
  durabase_private.revoke_api_key(uuid), durabase.revoke_api_key(uuid), durabase_private.look_up_api_key(text) from public;
grant execute on function durabase_private.key_of_call(), durabase_private.key_allows(text[]), durabase_private.runs_reader(),
  durabase_private.shared_run_task_ids() to anon, authenticated, service_role;
grant execute on function durabase_private.create_api_key(text, text[], uuid, timestamptz), durabase.create_api_key(text, text[], uuid, timestamptz),
  durabase_private.revoke_api_key(uuid), durabase.revoke_api_key(uuid) to authenticated, service_role;
grant execute on function durabase_private.look_up_api_key(text) to durabase_gateway;
