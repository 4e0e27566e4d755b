-- What a key may: at any moment no more than the member who made it and no more than its scopes, in its workspace alone.

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

revoke execute on function durabase_private.runs_reader(), durabase_private.shared_run_task_ids() from public;
grant execute on function durabase_private.runs_reader(), durabase_private.shared_run_task_ids() to anon, authenticated, service_role;
