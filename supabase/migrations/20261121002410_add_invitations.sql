-- Invitations into a workspace. The token is given once; only its hash is kept, where no client reads.

create table durabase.workspace_invitations (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  email text not null constraint workspace_invitations_email_length check (length(email) between 3 and 320),
  role text not null
    constraint workspace_invitations_role_known check (role in ('owner', 'admin', 'editor', 'runner', 'viewer')),
  invited_by_kind text not null
    constraint workspace_invitations_invited_by_kind_known check (invited_by_kind in ('user', 'service', 'sql_role')),
  invited_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references auth.users (id) on delete set null,
  revoked_at timestamptz,
  constraint workspace_invitations_email_lower_case check (email = lower(email)),
  constraint workspace_invitations_ended_once check (accepted_at is null or revoked_at is null),
  constraint workspace_invitations_accepted_by_somebody check (accepted_by is null or accepted_at is not null)
);
create unique index workspace_invitations_open_unique on durabase.workspace_invitations (workspace_id, email)
  where accepted_at is null and revoked_at is null;
create index workspace_invitations_page_idx on durabase.workspace_invitations (workspace_id, created_at, id);
create index workspace_invitations_invited_by_idx on durabase.workspace_invitations (invited_by);
create index workspace_invitations_accepted_by_idx on durabase.workspace_invitations (accepted_by);

alter table durabase.workspace_invitations enable row level security;
create policy workspace_invitations_read on durabase.workspace_invitations for select to authenticated
  using (
    workspace_id = any ((select durabase_private.admin_ws_ids())::uuid[])
    or (select durabase_private.is_instance_admin())
  );
grant select on durabase.workspace_invitations to authenticated, service_role;

create table durabase_private.invitation_tokens (
  invitation_id uuid primary key references durabase.workspace_invitations (id) on delete cascade,
  hash bytea not null unique
);
alter table durabase_private.invitation_tokens enable row level security;

create function durabase_private.invite_member(p_workspace uuid, p_email text, p_role text, out invitation durabase.workspace_invitations, out token text)
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace durabase.workspaces := durabase_private.hold_workspace(v_actor, p_workspace, 'admin');
  v_email text := lower(trim(p_email));
  v_replaced uuid;
begin
  perform durabase_private.check_role(p_role);
  perform durabase_private.check_owner_change(v_actor, p_workspace, array[p_role]);
  if v_email is null or length(v_email) > 320 or v_email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'this is no e-mail address', null, 'email');
  end if;
  if exists (
    select from durabase.workspace_members m join auth.users u on u.id = m.user_id
    where m.workspace_id = p_workspace and lower(u.email) = v_email
  ) then
    perform durabase_private.refuse(409, 'ALREADY_MEMBER', 'somebody with this address is a member already', 'set_member_role() changes his role', 'email');
  end if;
  update durabase.workspace_invitations i set revoked_at = clock_timestamp()
    where i.workspace_id = p_workspace and i.email = v_email and i.accepted_at is null and i.revoked_at is null returning i.id into v_replaced;
  delete from durabase_private.invitation_tokens t where t.invitation_id = v_replaced;
  token := 'dbi_' || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
  insert into durabase.workspace_invitations (workspace_id, email, role, invited_by_kind, invited_by, expires_at)
    values (p_workspace, v_email, p_role, v_actor.kind, v_actor.user_id, now() + interval '7 days') returning * into invitation;
  insert into durabase_private.invitation_tokens (invitation_id, hash) values (invitation.id, sha256(convert_to(token, 'utf8')));
  perform durabase_private.audit(v_actor, p_workspace, 'member.invited', 'invitation', invitation.id::text,
    jsonb_strip_nulls(jsonb_build_object('email', v_email, 'role', p_role, 'replaces', v_replaced)));
end $$;

-- Invites somebody by his e-mail address, whether he has an account or not. The token is told this once, for the link that you send
-- him; it is good for seven days and for whoever is signed in with that address. A second invitation takes the place of the first.
create function durabase.invite_member(workspace uuid, email text, role text)
returns table (id uuid, workspace_id uuid, invited_email text, invited_role text, expires_at timestamptz, token text)
language plpgsql volatile set search_path = '' as $$
begin
  return query
    select (i.invitation).id, (i.invitation).workspace_id, (i.invitation).email, (i.invitation).role, (i.invitation).expires_at, i.token
    from durabase_private.invite_member(workspace, email, role) i;
end $$;

create function durabase_private.accept_invitation(p_token text) returns durabase.workspace_members
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_invitation durabase.workspace_invitations;
  v_member durabase.workspace_members;
  v_roles constant text[] := '{viewer,runner,editor,admin,owner}';
begin
  if v_actor.kind <> 'user' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'only somebody who is signed in accepts an invitation', 'sign in with the invited address');
  end if;
  perform durabase_private.refuse_api_key();
  select i.* into v_invitation from durabase_private.invitation_tokens t join durabase.workspace_invitations i on i.id = t.invitation_id
    where t.hash = sha256(convert_to(coalesce(p_token, ''), 'utf8'));
  if v_invitation.id is null then
    perform durabase_private.refuse(404, 'INVITATION_NOT_FOUND', 'no invitation has this token', 'ask for a new one', 'token');
  end if;
  -- from Auth itself: a token may be older than a change of the address
  if not exists (select from auth.users u where u.id = v_actor.user_id and lower(u.email) = v_invitation.email) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'this invitation is for somebody else', 'sign in with the address that was invited', 'token');
  end if;
  -- LOCK: the workspace, as whoever changes members; then look again
  perform from durabase.workspaces w where w.id = v_invitation.workspace_id for no key update;
  select * into v_invitation from durabase.workspace_invitations i where i.id = v_invitation.id for update;
  select * into v_member from durabase.workspace_members m where m.workspace_id = v_invitation.workspace_id and m.user_id = v_actor.user_id;
  if v_invitation.accepted_by = v_actor.user_id and v_member.user_id is not null then return v_member; end if; -- asked again
  if v_invitation.accepted_at is not null or v_invitation.revoked_at is not null or v_invitation.expires_at <= clock_timestamp()
    or not exists (select from durabase.workspaces w where w.id = v_invitation.workspace_id and w.deleted_at is null)
    -- whoever invited must still be one who may
    or (v_invitation.invited_by_kind = 'user' and not durabase_private.has_right(
      ('user', v_invitation.invited_by, '', false)::durabase_private.actor, case v_invitation.role when 'owner' then 'own' else 'admin' end,
      v_invitation.workspace_id)) then
    perform durabase_private.refuse(410, 'INVITATION_ENDED', 'the invitation is no longer good', 'ask for a new one', 'token');
  end if;
  update durabase.workspace_invitations i set accepted_at = clock_timestamp(), accepted_by = v_actor.user_id where i.id = v_invitation.id;
  if v_member.user_id is null then
    insert into durabase.workspace_members (workspace_id, user_id, role)
      values (v_invitation.workspace_id, v_actor.user_id, v_invitation.role) returning * into v_member;
  elsif array_position(v_roles, v_invitation.role) > array_position(v_roles, v_member.role) then -- an invitation takes no right
    update durabase.workspace_members m set role = v_invitation.role
      where m.workspace_id = v_invitation.workspace_id and m.user_id = v_actor.user_id returning * into v_member;
  end if;
  perform durabase_private.audit(v_actor, v_invitation.workspace_id, 'member.joined', 'invitation', v_invitation.id::text,
    jsonb_build_object('role', v_member.role));
  return v_member;
end $$;

-- Makes the caller a member, if the invitation is for the address with which he signed up.
create function durabase.accept_invitation(token text) returns durabase.workspace_members
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.accept_invitation(token);
end $$;

create function durabase_private.revoke_invitation(p_invitation uuid) returns durabase.workspace_invitations
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_invitation durabase.workspace_invitations;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_invitation from durabase.workspace_invitations i where i.id = p_invitation;
  if v_invitation.id is null or not durabase_private.has_right(v_actor, 'admin', v_invitation.workspace_id) then
    perform durabase_private.refuse(404, 'INVITATION_NOT_FOUND', 'no such invitation is visible to you', null, 'invitation');
  end if;
  select * into v_invitation from durabase.workspace_invitations i where i.id = p_invitation for update;
  if v_invitation.accepted_at is not null then
    perform durabase_private.refuse(410, 'INVITATION_ENDED', 'the invitation was accepted', 'remove_member() takes the membership away', 'invitation');
  end if;
  if v_invitation.revoked_at is not null then return v_invitation; end if; -- there is nothing to do
  update durabase.workspace_invitations i set revoked_at = clock_timestamp() where i.id = p_invitation returning * into v_invitation;
  delete from durabase_private.invitation_tokens t where t.invitation_id = p_invitation;
  perform durabase_private.audit(v_actor, v_invitation.workspace_id, 'invitation.revoked', 'invitation', p_invitation::text,
    jsonb_build_object('email', v_invitation.email));
  return v_invitation;
end $$;

-- Takes an invitation back. For admins of the workspace.
create function durabase.revoke_invitation(invitation uuid) returns durabase.workspace_invitations
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.revoke_invitation(invitation);
end $$;

revoke execute on function durabase_private.invite_member(uuid, text, text), durabase.invite_member(uuid, text, text),
  durabase_private.accept_invitation(text), durabase.accept_invitation(text),
  durabase_private.revoke_invitation(uuid), durabase.revoke_invitation(uuid) from public;
grant execute on function durabase_private.invite_member(uuid, text, text), durabase.invite_member(uuid, text, text),
  durabase_private.accept_invitation(text), durabase.accept_invitation(text),
  durabase_private.revoke_invitation(uuid), durabase.revoke_invitation(uuid) to authenticated, service_role;
