-- Tasks, their versions, and rights on single tasks.

create table durabase.tasks (
  id uuid primary key default durabase_private.uuid_v7(),
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  slug text not null constraint tasks_slug_form check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name text not null constraint tasks_name_length check (length(name) between 1 and 200),
  type text constraint tasks_type_length check (length(type) between 1 and 63),
  description text constraint tasks_description_length check (length(description) <= 4000),
  tags text[] not null default '{}',
  latest_version_id uuid,
  ready_version_id uuid,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index tasks_slug_unique on durabase.tasks (workspace_id, slug) where deleted_at is null;
create index tasks_slug_idx on durabase.tasks (slug);
create index tasks_page_idx on durabase.tasks (workspace_id, created_at, id);
create index tasks_created_by_idx on durabase.tasks (created_by);

create table durabase.task_versions (
  id uuid primary key default durabase_private.uuid_v7(),
  task_id uuid not null references durabase.tasks (id) on delete cascade,
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  number int not null constraint task_versions_number_positive check (number > 0),
  state text not null default 'draft' constraint task_versions_state_known check (state in ('draft', 'ready', 'invalid')),
  definition jsonb not null,
  problems jsonb,
  plan jsonb,
  mode text constraint task_versions_mode_known check (mode in ('async', 'sync')),
  priority smallint constraint task_versions_priority_range check (priority between 1 and 5),
  ttl interval,
  needs_check boolean not null default true,
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  published_at timestamptz,
  unique (task_id, number),
  constraint task_versions_ready_has_plan check ((state = 'ready') = (plan is not null and mode is not null and priority is not null)),
  constraint task_versions_invalid_has_problems check ((state = 'invalid') = (problems is not null))
);
comment on column durabase.task_versions.needs_check is
  'Runs of this version must pass an input schema or a key expression before admission; worked out by the compiler.';
create index task_versions_workspace_idx on durabase.task_versions (workspace_id);
create index task_versions_created_by_idx on durabase.task_versions (created_by);
create index task_versions_drafts_idx on durabase.task_versions (created_at) where state = 'draft';

alter table durabase.tasks
  add foreign key (latest_version_id) references durabase.task_versions (id) on delete set null,
  add foreign key (ready_version_id) references durabase.task_versions (id) on delete set null;
create index tasks_latest_version_idx on durabase.tasks (latest_version_id);
create index tasks_ready_version_idx on durabase.tasks (ready_version_id);

create table durabase.task_permissions (
  task_id uuid not null references durabase.tasks (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  can_view boolean not null default true,
  can_run boolean not null default false,
  can_edit boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (task_id, user_id),
  constraint task_permissions_view_included check (can_view or not (can_run or can_edit))
);
create index task_permissions_user_id_idx on durabase.task_permissions (user_id);

create function durabase_private.shared_task_ids() returns uuid[]
-- definer: policies ask this while the caller may not read the table
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((
    select array_agg(p.task_id)
    from durabase.task_permissions p
      join durabase.tasks t on t.id = p.task_id join durabase.workspaces w on w.id = t.workspace_id
    where p.user_id = durabase_private.uid() and p.can_view and w.deleted_at is null
  ), '{}');
end $$;

-- Whether the actor may do this to the task (or, with a null task, in the workspace).
-- view: read · run: start · edit: change · admin: share, cancel anybody's runs · own: delete, transfer
create function durabase_private.has_right(p_actor durabase_private.actor, p_right text, p_workspace uuid, p_task uuid default null)
returns boolean
-- definer: reads memberships of others' choosing
language plpgsql stable security definer set search_path = '' as $$
declare
  v_role text;
begin
  if p_actor.is_privileged then return true; end if;
  if p_actor.kind <> 'user' then return false; end if;
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

alter table durabase.tasks enable row level security;
alter table durabase.task_versions enable row level security;
alter table durabase.task_permissions enable row level security;

create policy tasks_read on durabase.tasks for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids())::uuid[])
    or id = any ((select durabase_private.shared_task_ids())::uuid[])
    or (select durabase_private.is_instance_admin())
  );
create policy task_versions_read on durabase.task_versions for select to authenticated
  using (
    workspace_id = any ((select durabase_private.ws_ids())::uuid[])
    or task_id = any ((select durabase_private.shared_task_ids())::uuid[])
    or (select durabase_private.is_instance_admin())
  );
create policy task_permissions_read on durabase.task_permissions for select to authenticated
  using (
    user_id = (select durabase_private.uid())
    or task_id in (select t.id from durabase.tasks t where t.workspace_id = any ((select durabase_private.admin_ws_ids())::uuid[]))
    or (select durabase_private.is_instance_admin())
  );

grant select on durabase.tasks, durabase.task_versions, durabase.task_permissions to authenticated, service_role;
revoke execute on function durabase_private.shared_task_ids(),
  durabase_private.has_right(durabase_private.actor, text, uuid, uuid) from public;
grant execute on function durabase_private.shared_task_ids() to anon, authenticated, service_role;
