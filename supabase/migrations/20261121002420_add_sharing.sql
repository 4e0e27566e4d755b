-- Sharing single tasks with single users, and publishing tasks to everybody who is signed in.

alter table durabase.tasks add column published_at timestamptz;
comment on column durabase.tasks.published_at is
  'Set: everybody who is signed in may see it by name and start it, unless sign-up gives nothing on this instance.';
create index tasks_published_idx on durabase.tasks (workspace_id) where published_at is not null and deleted_at is null;

create function durabase_private.share_task(
  p_task text, p_user uuid, p_can_view boolean, p_can_run boolean, p_can_edit boolean, p_workspace uuid
) returns durabase.task_permissions
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_task durabase.tasks := durabase_private.find_task(v_actor, p_task, p_workspace, 'admin');
  v_share durabase.task_permissions;
begin
  if p_can_view is not true then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'whoever may run or edit a task may view it', 'unshare_task() takes everything back', 'can_view');
  end if;
  if not exists (select from auth.users u where u.id = p_user) then
    perform durabase_private.refuse(404, 'USER_NOT_FOUND', 'there is no such user', 'invite him into the workspace, or let him sign up first', 'user_id');
  end if;
  insert into durabase.task_permissions as p (task_id, user_id, can_view, can_run, can_edit)
    values (v_task.id, p_user, true, coalesce(p_can_run, false), coalesce(p_can_edit, false))
    on conflict (task_id, user_id) do update set can_view = true, can_run = excluded.can_run, can_edit = excluded.can_edit
      where (p.can_view, p.can_run, p.can_edit) is distinct from (true, excluded.can_run, excluded.can_edit)
    returning * into v_share;
  if v_share.task_id is null then -- it was shared like this already
    select * into v_share from durabase.task_permissions p where p.task_id = v_task.id and p.user_id = p_user;
    return v_share;
  end if;
  perform durabase_private.audit(v_actor, v_task.workspace_id, 'task.shared', 'task', v_task.id::text, jsonb_build_object(
    'slug', v_task.slug, 'user', p_user, 'canRun', v_share.can_run, 'canEdit', v_share.can_edit));
  return v_share;
end $$;

-- Shares one task with one user, member or not: he sees it and all of its runs, and may run or edit it as you say. Asked again, the
-- new rights take the place of the old ones. For admins of the workspace.
create function durabase.share_task(
  task text, user_id uuid, can_view boolean default true, can_run boolean default false, can_edit boolean default false, workspace uuid default null
) returns durabase.task_permissions language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.share_task(task, user_id, can_view, can_run, can_edit, workspace);
end $$;

create function durabase_private.unshare_task(p_task text, p_user uuid, p_workspace uuid) returns boolean
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_task durabase.tasks := durabase_private.find_task(v_actor, p_task, p_workspace, 'admin');
begin
  delete from durabase.task_permissions p where p.task_id = v_task.id and p.user_id = p_user;
  if not found then return false; end if;
  perform durabase_private.audit(v_actor, v_task.workspace_id, 'task.unshared', 'task', v_task.id::text,
    jsonb_build_object('slug', v_task.slug, 'user', p_user));
  return true;
end $$;

-- Takes back what was shared with a user; says whether there was anything. For admins of the workspace.
create function durabase.unshare_task(task text, user_id uuid, workspace uuid default null) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.unshare_task(task, user_id, workspace);
end $$;

create function durabase_private.list_shares(p_task text, p_workspace uuid, p_after_at timestamptz, p_after_id uuid, p_limit int)
returns table (user_id uuid, can_view boolean, can_run boolean, can_edit boolean, full_name text, email text, created_at timestamptz)
-- definer: names and addresses are others' profiles, shown to admins
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_task durabase.tasks := durabase_private.find_task(durabase_private.current_actor(), p_task, p_workspace, 'admin');
begin
  return query
    select s.user_id, s.can_view, s.can_run, s.can_edit, p.full_name, p.email, s.created_at
    from durabase.task_permissions s left join durabase.profiles p on p.user_id = s.user_id
    where s.task_id = v_task.id and (p_after_at is null or (s.created_at, s.user_id) > (p_after_at, p_after_id))
    order by s.created_at, s.user_id limit least(greatest(coalesce(p_limit, 50), 1), 1000);
end $$;

-- With whom a task is shared, the oldest first. For admins of the workspace.
-- after_at and after_id are created_at and user_id of the last row of the page before.
create function durabase.list_shares(
  task text, workspace uuid default null, after_at timestamptz default null, after_id uuid default null, page_limit int default 50
) returns table (user_id uuid, can_view boolean, can_run boolean, can_edit boolean, full_name text, email text, created_at timestamptz)
language plpgsql stable set search_path = '' as $$
begin
  return query select * from durabase_private.list_shares(task, workspace, after_at, after_id, page_limit);
end $$;

create function durabase_private.set_published(p_task text, p_workspace uuid, p_is_published boolean) returns durabase.tasks
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_found durabase.tasks := durabase_private.find_task(v_actor, p_task, p_workspace, 'admin');
  v_task durabase.tasks;
begin
  update durabase.tasks t set published_at = case when p_is_published then clock_timestamp() end, updated_at = clock_timestamp()
    where t.id = v_found.id and (t.published_at is not null) <> p_is_published returning * into v_task;
  if v_task.id is null then -- there is nothing to do
    select * into v_task from durabase.tasks t where t.id = v_found.id;
    return v_task;
  end if;
  perform durabase_private.audit(v_actor, v_task.workspace_id, case when p_is_published then 'task.opened' else 'task.closed' end, 'task',
    v_task.id::text, jsonb_build_object('slug', v_task.slug));
  return v_task;
end $$;

-- Lets everybody who is signed in see the task by name, description and input schema, and start it. Of its runs each sees his own.
-- For admins of the workspace.
create function durabase.publish_task(task text, workspace uuid default null) returns durabase.tasks
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.set_published(task, workspace, true);
end $$;

-- Takes that back: nobody starts it as an end user any more. Runs that were started go on, and whoever started them sees them.
create function durabase.unpublish_task(task text, workspace uuid default null) returns durabase.tasks
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.set_published(task, workspace, false);
end $$;

revoke execute on function
  durabase_private.share_task(text, uuid, boolean, boolean, boolean, uuid), durabase.share_task(text, uuid, boolean, boolean, boolean, uuid),
  durabase_private.unshare_task(text, uuid, uuid), durabase.unshare_task(text, uuid, uuid),
  durabase_private.list_shares(text, uuid, timestamptz, uuid, int), durabase.list_shares(text, uuid, timestamptz, uuid, int),
  durabase_private.set_published(text, uuid, boolean), durabase.publish_task(text, uuid), durabase.unpublish_task(text, uuid) from public;
grant execute on function
  durabase_private.share_task(text, uuid, boolean, boolean, boolean, uuid), durabase.share_task(text, uuid, boolean, boolean, boolean, uuid),
  durabase_private.unshare_task(text, uuid, uuid), durabase.unshare_task(text, uuid, uuid),
  durabase_private.list_shares(text, uuid, timestamptz, uuid, int), durabase.list_shares(text, uuid, timestamptz, uuid, int),
  durabase_private.set_published(text, uuid, boolean), durabase.publish_task(text, uuid), durabase.unpublish_task(text, uuid)
  to authenticated, service_role;
