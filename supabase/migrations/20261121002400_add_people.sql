-- Workspaces and their members: made, named, handed over, left and deleted by those who may.

-- The workspace that a caller wants to change, held until the end of his transaction: of those who change members one at a time.
create function durabase_private.hold_workspace(p_actor durabase_private.actor, p_workspace uuid, p_right text) returns durabase.workspaces
-- definer: looks at workspaces before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace durabase.workspaces;
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  if durabase_private.has_right(p_actor, 'view', p_workspace) then
    -- not for update: runs may refer to the workspace meanwhile
    select * into v_workspace from durabase.workspaces w where w.id = p_workspace and w.deleted_at is null for no key update;
  end if;
  if v_workspace.id is null then
    perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'no such workspace is visible to you', 'me() lists those that you are in', 'workspace');
  end if;
  if not durabase_private.has_right(p_actor, p_right, p_workspace) then
    perform durabase_private.refuse(403, 'FORBIDDEN', format('this takes the role %s in the workspace', case p_right when 'own' then 'owner' else p_right end),
      'ask an owner of the workspace', 'workspace');
  end if;
  return v_workspace;
end $$;

-- What somebody decides for himself is not for the programs to which he gave a key.
create function durabase_private.refuse_api_key() returns void language plpgsql volatile set search_path = '' as $$
begin
  if strpos(coalesce(current_setting('request.jwt.claims', true), ''), '"durabase_api_key"') > 0 then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'an API key may not do that', 'sign in as yourself');
  end if;
end $$;

create function durabase_private.check_workspace_name(p_name text) returns void language plpgsql volatile set search_path = '' as $$
begin
  if length(coalesce(p_name, '')) not between 1 and 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the name of a workspace has 1 to 200 characters', null, 'name');
  end if;
end $$;

create function durabase_private.check_role(p_role text) returns void language plpgsql volatile set search_path = '' as $$
begin
  if p_role is null or p_role not in ('owner', 'admin', 'editor', 'runner', 'viewer') then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('there is no role %s', to_json(left(coalesce(p_role, ''), 100))),
      'roles are owner, admin, editor, runner and viewer', 'role');
  end if;
end $$;

-- Only owners make owners, and only owners unmake them.
create function durabase_private.check_owner_change(p_actor durabase_private.actor, p_workspace uuid, p_roles text[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if 'owner' = any (p_roles) and not durabase_private.has_right(p_actor, 'own', p_workspace) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only an owner gives or takes the role owner', 'ask an owner of the workspace', 'role');
  end if;
end $$;

-- The caller holds the workspace, so that two owners cannot leave it at once.
create function durabase_private.check_owner_stays(p_workspace uuid, p_user uuid) returns void language plpgsql volatile set search_path = '' as $$
begin
  if not exists (select from durabase.workspace_members m where m.workspace_id = p_workspace and m.role = 'owner' and m.user_id <> p_user) then
    perform durabase_private.refuse(409, 'LAST_OWNER', 'a workspace must keep an owner', 'transfer it first, or delete it', 'user_id');
  end if;
end $$;

create function durabase_private.role_of_member(p_workspace uuid, p_user uuid) returns text language plpgsql volatile set search_path = '' as $$
declare
  v_role text;
begin
  select m.role into v_role from durabase.workspace_members m where m.workspace_id = p_workspace and m.user_id = p_user;
  if v_role is null then
    perform durabase_private.refuse(404, 'MEMBER_NOT_FOUND', 'the workspace has no such member', 'list_members() shows them', 'user_id');
  end if;
  return v_role;
end $$;

-- ── Workspaces ────────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.create_workspace(p_name text, p_owner uuid) returns durabase.workspaces
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_is_free boolean := v_actor.is_privileged or durabase_private.is_instance_admin();
  v_owner uuid := coalesce(p_owner, v_actor.user_id);
  v_workspace durabase.workspaces;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  perform durabase_private.refuse_api_key();
  if not v_is_free and v_owner <> v_actor.user_id then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may make workspaces of your own only', 'leave out the owner, and transfer it later', 'owner');
  end if;
  if not v_is_free and (select s.sign_up from durabase.instance_settings s) <> 'personal_workspace' and not exists (
    select from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
    where m.user_id = v_actor.user_id and m.role in ('owner', 'admin', 'editor') and w.deleted_at is null
  ) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only those who write tasks make workspaces', 'ask an admin of the instance');
  end if;
  perform durabase_private.check_workspace_name(p_name);
  if v_owner is null then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a workspace must have an owner', 'name the user who gets it', 'owner');
  end if;
  if not exists (select from auth.users u where u.id = v_owner) then
    perform durabase_private.refuse(404, 'USER_NOT_FOUND', 'there is no such user', null, 'owner');
  end if;
  insert into durabase.workspaces (name) values (p_name) returning * into v_workspace;
  insert into durabase.workspace_members (workspace_id, user_id, role) values (v_workspace.id, v_owner, 'owner');
  perform durabase_private.audit(v_actor, v_workspace.id, 'workspace.created', 'workspace', v_workspace.id::text,
    jsonb_build_object('name', p_name, 'owner', v_owner));
  return v_workspace;
end $$;

-- Makes a workspace and its first owner: the caller. Services and instance admins name the owner. Who writes no tasks anywhere
-- makes workspaces only where everybody who signs up gets one.
create function durabase.create_workspace(name text, owner uuid default null) returns durabase.workspaces
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.create_workspace(name, owner);
end $$;

create function durabase_private.rename_workspace(p_workspace uuid, p_name text) returns durabase.workspaces
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_old durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'admin');
  v_workspace durabase.workspaces;
begin
  perform durabase_private.check_workspace_name(p_name);
  if v_old.name = p_name then return v_old; end if; -- there is nothing to do
  update durabase.workspaces w set name = p_name, updated_at = clock_timestamp() where w.id = p_workspace returning * into v_workspace;
  perform durabase_private.audit(v_actor, p_workspace, 'workspace.renamed', 'workspace', p_workspace::text,
    jsonb_build_object('from', v_old.name, 'to', p_name));
  return v_workspace;
end $$;

-- Gives a workspace another name. For its admins.
create function durabase.rename_workspace(workspace uuid, name text) returns durabase.workspaces
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.rename_workspace(workspace, name);
end $$;

create function durabase_private.delete_workspace(p_workspace uuid) returns durabase.workspaces
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'own');
  v_open_count int;
begin
  -- A run that is being accepted right now refers to this row: waits for it, and counts it.
  perform from durabase.workspaces w where w.id = p_workspace for update;
  select count(*) into v_open_count from (
    select from durabase.task_runs r where r.workspace_id = p_workspace
      and r.state in ('scheduled', 'queued', 'running', 'waiting', 'awaiting_input', 'retrying', 'paused') limit 10000) o;
  if v_open_count > 0 then
    perform durabase_private.refuse(409, 'WORKSPACE_BUSY', format('%s runs of the workspace have not ended', v_open_count),
      'cancel them, or wait for them: whatever they began would go on unseen', 'workspace');
  end if;
  update durabase.workspaces w set deleted_at = clock_timestamp(), updated_at = clock_timestamp(), personal_user_id = null
    where w.id = p_workspace returning * into v_workspace;
  perform durabase_private.audit(v_actor, p_workspace, 'workspace.deleted', 'workspace', p_workspace::text, jsonb_build_object('name', v_workspace.name));
  return v_workspace;
end $$;

-- Deletes a workspace: nobody but instance admins and services sees it, its tasks and its runs any more. Its rows are kept. Refused
-- (409) while runs of it have not ended. For its owners.
create function durabase.delete_workspace(workspace uuid) returns durabase.workspaces
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.delete_workspace(workspace);
end $$;

-- ── Members ───────────────────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.set_member_role(p_workspace uuid, p_user uuid, p_role text) returns durabase.workspace_members
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'admin');
  v_old text := durabase_private.role_of_member(v_workspace.id, p_user);
  v_member durabase.workspace_members;
begin
  perform durabase_private.check_role(p_role);
  perform durabase_private.check_owner_change(v_actor, p_workspace, array[v_old, p_role]);
  if v_old = 'owner' and p_role <> 'owner' then perform durabase_private.check_owner_stays(p_workspace, p_user); end if;
  select * into v_member from durabase.workspace_members m where m.workspace_id = p_workspace and m.user_id = p_user;
  if v_old = p_role then return v_member; end if; -- there is nothing to do
  update durabase.workspace_members m set role = p_role where m.workspace_id = p_workspace and m.user_id = p_user returning * into v_member;
  perform durabase_private.audit(v_actor, p_workspace, 'member.role-changed', 'member', p_user::text, jsonb_build_object('from', v_old, 'to', p_role));
  return v_member;
end $$;

-- Gives a member another role. For admins; the role owner is given and taken by owners only, and one must remain.
create function durabase.set_member_role(workspace uuid, user_id uuid, role text) returns durabase.workspace_members
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.set_member_role(workspace, user_id, role);
end $$;

-- Takes a member out of a workspace, with the shares of single tasks that he had in it: no right of his may remain unseen.
create function durabase_private.drop_member(p_actor durabase_private.actor, p_workspace uuid, p_user uuid, p_action text) returns durabase.workspace_members
language plpgsql volatile set search_path = '' as $$
declare
  v_member durabase.workspace_members;
  v_share_count int;
begin
  delete from durabase.workspace_members m where m.workspace_id = p_workspace and m.user_id = p_user returning * into v_member;
  delete from durabase.task_permissions p using durabase.tasks t where t.id = p.task_id and t.workspace_id = p_workspace and p.user_id = p_user;
  get diagnostics v_share_count = row_count;
  perform durabase_private.audit(p_actor, p_workspace, p_action, 'member', p_user::text,
    jsonb_build_object('role', v_member.role, 'shares', v_share_count));
  return v_member;
end $$;

create function durabase_private.remove_member(p_workspace uuid, p_user uuid) returns durabase.workspace_members
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'admin');
  v_role text := durabase_private.role_of_member(v_workspace.id, p_user);
begin
  perform durabase_private.check_owner_change(v_actor, p_workspace, array[v_role]);
  if v_role = 'owner' then perform durabase_private.check_owner_stays(p_workspace, p_user); end if;
  return durabase_private.drop_member(v_actor, p_workspace, p_user, 'member.removed');
end $$;

-- Takes a member out of the workspace, and the tasks of it that were shared with him from him. For admins; owners are removed by
-- owners only, and one must remain.
create function durabase.remove_member(workspace uuid, user_id uuid) returns durabase.workspace_members
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.remove_member(workspace, user_id);
end $$;

create function durabase_private.leave_workspace(p_workspace uuid) returns durabase.workspace_members
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'view');
  v_role text := durabase_private.role_of_member(v_workspace.id, v_actor.user_id);
begin
  perform durabase_private.refuse_api_key();
  if v_role = 'owner' then perform durabase_private.check_owner_stays(p_workspace, v_actor.user_id); end if;
  return durabase_private.drop_member(v_actor, p_workspace, v_actor.user_id, 'member.left');
end $$;

-- Ends the caller's own membership. The last owner stays.
create function durabase.leave_workspace(workspace uuid) returns durabase.workspace_members
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.leave_workspace(workspace);
end $$;

create function durabase_private.transfer_ownership(p_workspace uuid, p_user uuid) returns durabase.workspaces
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'own');
  v_role text := durabase_private.role_of_member(v_workspace.id, p_user);
  -- who transfers what he owns gives up his own part; who does it for others, everybody's
  v_is_owner boolean := exists (
    select from durabase.workspace_members m where m.workspace_id = p_workspace and m.user_id = v_actor.user_id and m.role = 'owner');
  v_former uuid[];
begin
  if p_user is not distinct from v_actor.user_id and v_role = 'owner' then return v_workspace; end if; -- there is nothing to do
  with former as (
    update durabase.workspace_members m set role = 'admin'
      where m.workspace_id = p_workspace and m.role = 'owner' and m.user_id <> p_user and (not v_is_owner or m.user_id = v_actor.user_id)
      returning m.user_id
  ) select coalesce(array_agg(f.user_id order by f.user_id), '{}') into v_former from former f;
  if v_former = '{}' and v_role = 'owner' then return v_workspace; end if;
  update durabase.workspace_members m set role = 'owner' where m.workspace_id = p_workspace and m.user_id = p_user;
  update durabase.workspaces w set updated_at = clock_timestamp(),
      personal_user_id = case when w.personal_user_id = any (v_former) then null else w.personal_user_id end
    where w.id = p_workspace returning * into v_workspace;
  perform durabase_private.audit(v_actor, p_workspace, 'workspace.transferred', 'workspace', p_workspace::text,
    jsonb_build_object('to', p_user, 'from', v_former));
  return v_workspace;
end $$;

-- Makes a member the owner, and the owner who calls an admin. Where a service or an instance admin calls, all former owners.
create function durabase.transfer_ownership(workspace uuid, user_id uuid) returns durabase.workspaces
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.transfer_ownership(workspace, user_id);
end $$;

create function durabase_private.list_members(p_workspace uuid, p_after_at timestamptz, p_after_id uuid, p_limit int)
returns table (user_id uuid, role text, full_name text, email text, created_at timestamptz)
-- definer: names and addresses are others' profiles; addresses are for admins and for oneself
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_is_admin boolean := durabase_private.has_right(v_actor, 'admin', p_workspace);
  v_sees_all boolean := v_is_admin or p_workspace = any (durabase_private.ws_ids(true));
begin
  if not exists (select from durabase.workspaces w where w.id = p_workspace and (w.deleted_at is null or v_actor.is_privileged))
    or not durabase_private.has_right(v_actor, 'view', p_workspace) then
    perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'no such workspace is visible to you', 'me() lists those that you are in', 'workspace');
  end if;
  return query
    select m.user_id, m.role, p.full_name, case when v_is_admin or m.user_id = v_actor.user_id then p.email end, m.created_at
    from durabase.workspace_members m left join durabase.profiles p on p.user_id = m.user_id
    where m.workspace_id = p_workspace and (v_sees_all or m.user_id = v_actor.user_id)
      and (p_after_at is null or (m.created_at, m.user_id) > (p_after_at, p_after_id))
    order by m.created_at, m.user_id limit least(greatest(coalesce(p_limit, 50), 1), 1000);
end $$;

-- Members of a workspace, those who came first before others. Runners see themselves; addresses are shown to admins.
-- after_at and after_id are created_at and user_id of the last row of the page before.
create function durabase.list_members(workspace uuid, after_at timestamptz default null, after_id uuid default null, page_limit int default 50)
returns table (user_id uuid, role text, full_name text, email text, created_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.list_members(workspace, after_at, after_id, page_limit);
end $$;

revoke execute on function durabase_private.hold_workspace(durabase_private.actor, uuid, text), durabase_private.refuse_api_key(), durabase_private.check_workspace_name(text),
  durabase_private.check_role(text), durabase_private.check_owner_change(durabase_private.actor, uuid, text[]),
  durabase_private.check_owner_stays(uuid, uuid), durabase_private.role_of_member(uuid, uuid),
  durabase_private.drop_member(durabase_private.actor, uuid, uuid, text),
  durabase_private.create_workspace(text, uuid), durabase.create_workspace(text, uuid),
  durabase_private.rename_workspace(uuid, text), durabase.rename_workspace(uuid, text),
  durabase_private.delete_workspace(uuid), durabase.delete_workspace(uuid),
  durabase_private.set_member_role(uuid, uuid, text), durabase.set_member_role(uuid, uuid, text),
  durabase_private.remove_member(uuid, uuid), durabase.remove_member(uuid, uuid),
  durabase_private.leave_workspace(uuid), durabase.leave_workspace(uuid),
  durabase_private.transfer_ownership(uuid, uuid), durabase.transfer_ownership(uuid, uuid),
  durabase_private.list_members(uuid, timestamptz, uuid, int), durabase.list_members(uuid, timestamptz, uuid, int) from public;
grant execute on function
  durabase_private.create_workspace(text, uuid), durabase.create_workspace(text, uuid),
  durabase_private.rename_workspace(uuid, text), durabase.rename_workspace(uuid, text),
  durabase_private.delete_workspace(uuid), durabase.delete_workspace(uuid),
  durabase_private.set_member_role(uuid, uuid, text), durabase.set_member_role(uuid, uuid, text),
  durabase_private.remove_member(uuid, uuid), durabase.remove_member(uuid, uuid),
  durabase_private.leave_workspace(uuid), durabase.leave_workspace(uuid),
  durabase_private.transfer_ownership(uuid, uuid), durabase.transfer_ownership(uuid, uuid),
  durabase_private.list_members(uuid, timestamptz, uuid, int), durabase.list_members(uuid, timestamptz, uuid, int) to authenticated, service_role;
