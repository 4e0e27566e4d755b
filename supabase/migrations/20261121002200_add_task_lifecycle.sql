-- Deleting and restoring tasks, saving an older version anew, and an audit row for every verdict of the compiler.

-- ── Which task is meant ───────────────────────────────────────────────────────────────────────────────────────────────

-- What a caller hears of a task that is not there: of one that he saw and that was deleted, that it was.
create function durabase_private.refuse_missing_task(p_actor durabase_private.actor, p_task text, p_workspace uuid) returns void
-- definer: looks at tasks before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_gone durabase.tasks;
begin
  select t.* into v_gone
    from durabase.tasks t join durabase.workspaces w on w.id = t.workspace_id and w.deleted_at is null
    where (case when p_task ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then t.id = p_task::uuid else t.slug = p_task end)
      and t.deleted_at is not null and (p_workspace is null or t.workspace_id = p_workspace)
      and durabase_private.has_right(p_actor, 'view', t.workspace_id, t.id)
    order by t.deleted_at desc limit 1;
  if v_gone.id is not null then
    perform durabase_private.refuse(404, 'TASK_NOT_FOUND', format('the task %s was deleted', to_json(v_gone.slug)),
      'restore it, or save a new one; its runs are kept', 'task');
  end if;
  perform durabase_private.refuse(404, 'TASK_NOT_FOUND', format('no task %s is visible to you', to_json(left(coalesce(p_task, ''), 100))),
    'give the slug or the id of a task of yours, and the workspace if it is not your own', 'task');
end $$;

create or replace function durabase_private.find_task(p_actor durabase_private.actor, p_task text, p_workspace uuid, p_right text)
returns durabase.tasks
-- definer: looks at tasks before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_task durabase.tasks;
  v_found durabase.tasks[];
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select array_agg(t) into v_found
    from durabase.tasks t join durabase.workspaces w on w.id = t.workspace_id and w.deleted_at is null
    where (case when p_task ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then t.id = p_task::uuid else t.slug = p_task end)
      and t.deleted_at is null
      and (p_workspace is null or t.workspace_id = p_workspace)
      and durabase_private.has_right(p_actor, 'view', t.workspace_id, t.id);
  if v_found is null then
    perform durabase_private.refuse_missing_task(p_actor, p_task, p_workspace);
  end if;
  if cardinality(v_found) > 1 then
    perform durabase_private.refuse(422, 'WORKSPACE_AMBIGUOUS',
      format('%s workspaces have a task %s', cardinality(v_found), to_json(p_task)), 'name the workspace', 'workspace');
  end if;
  v_task := v_found[1];
  if not durabase_private.has_right(p_actor, p_right, v_task.workspace_id, v_task.id) then
    perform durabase_private.refuse(403, 'FORBIDDEN', format('you may not %s the task %s', p_right, to_json(v_task.slug)),
      'ask an admin of the workspace for the right');
  end if;
  return v_task;
end $$;

-- One at a time changes what a slug stands for.
create function durabase_private.lock_slug(p_workspace uuid, p_slug text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_workspace::text || '/' || p_slug, 7220003));
end $$;

-- ── Saving ────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- p_restored_from: number of the older version whose definition this is.
create function durabase_private.save_version(p_definition jsonb, p_workspace uuid, p_restored_from int) returns durabase.task_versions
language plpgsql volatile set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.find_workspace(v_actor, p_workspace);
  v_slug text := p_definition ->> 'slug';
  v_task durabase.tasks;
  v_version durabase.task_versions;
begin
  if jsonb_typeof(p_definition) is distinct from 'object' then
    perform durabase_private.refuse(422, 'INVALID_TASK', 'a task is a JSON object', null, 'definition');
  end if;
  if v_slug is null or v_slug !~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' then
    perform durabase_private.refuse(422, 'INVALID_TASK', 'the slug is missing or malformed',
      'use 1 to 63 lower-case letters, digits and inner hyphens', 'slug');
  end if;
  if octet_length(p_definition::text) > 1048576 then
    perform durabase_private.refuse(413, 'BODY_TOO_LARGE', 'a task may have at most 1 MiB', 'move data into the input', 'definition');
  end if;
  if length(coalesce(p_definition ->> 'name', v_slug)) not between 1 and 200 or length(p_definition ->> 'type') not between 1 and 63
    or length(p_definition ->> 'description') > 4000 then
    perform durabase_private.refuse(422, 'INVALID_TASK', 'name, type or description is too long or empty',
      'name up to 200, type up to 63, description up to 4,000 characters', 'name');
  end if;

  -- LOCK: one saver of a slug at a time, so that version numbers have no gap
  perform durabase_private.lock_slug(v_workspace, v_slug);
  select * into v_task from durabase.tasks t
    where t.workspace_id = v_workspace and t.slug = v_slug and t.deleted_at is null
    for no key update; -- runs may refer to the task meanwhile
  if not durabase_private.has_right(v_actor, 'edit', v_workspace, v_task.id) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may not write tasks in this workspace', 'ask an admin of the workspace for the role editor');
  end if;

  if v_task.id is null then
    insert into durabase.tasks (workspace_id, slug, name, created_by)
      values (v_workspace, v_slug, v_slug, v_actor.user_id) returning * into v_task;
  end if;
  insert into durabase.task_versions (task_id, workspace_id, number, definition, created_by)
    values (v_task.id, v_workspace,
      (select coalesce(max(v.number), 0) + 1 from durabase.task_versions v where v.task_id = v_task.id),
      p_definition, v_actor.user_id)
    returning * into v_version;
  update durabase.tasks set
      name = coalesce(p_definition ->> 'name', v_slug),
      type = p_definition ->> 'type',
      description = p_definition ->> 'description',
      tags = coalesce((select array_agg(t) from jsonb_array_elements_text(
        case when jsonb_typeof(p_definition -> 'tags') = 'array' then p_definition -> 'tags' else '[]' end) t), '{}'),
      latest_version_id = v_version.id, updated_at = now()
    where id = v_task.id;
  perform durabase_private.audit(v_actor, v_workspace, 'task.saved', 'task', v_task.id::text,
    jsonb_strip_nulls(jsonb_build_object('slug', v_slug, 'version', v_version.number, 'restoredFrom', p_restored_from)));
  return v_version;
end $$;

create or replace function durabase_private.save_task(p_definition jsonb, p_workspace uuid) returns durabase.task_versions
-- definer: callers have no write rights on tables; the checks stand in save_version
language plpgsql volatile security definer set search_path = '' as $$
begin
  return durabase_private.save_version(p_definition, p_workspace, null);
end $$;

create function durabase_private.restore_version(p_task text, p_version int, p_workspace uuid) returns durabase.task_versions
-- definer: callers have no write rights on tables; the checks stand here and in save_version
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_task durabase.tasks := durabase_private.find_task(durabase_private.current_actor(), p_task, p_workspace, 'edit');
  v_definition jsonb;
begin
  select v.definition into v_definition from durabase.task_versions v where v.task_id = v_task.id and v.number = p_version;
  if v_definition is null then
    perform durabase_private.refuse(404, 'VERSION_NOT_FOUND', format('the task %s has no version %s', to_json(v_task.slug), coalesce(p_version::text, 'null')),
      format('the newest is %s', (select max(v.number) from durabase.task_versions v where v.task_id = v_task.id)), 'version');
  end if;
  return durabase_private.save_version(v_definition, v_task.workspace_id, p_version);
end $$;

-- Saves an older version anew: history is never rewritten. It is a draft like any other that is saved.
create function durabase.restore_version(task text, version int, workspace uuid default null) returns durabase.task_versions
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.restore_version(task, version, workspace);
end $$;

-- Makes a draft ready with the plan that our own compiler made, or invalid with its problems. Never called for a user.
create or replace function durabase_private.publish_version(p_version uuid, p_plan jsonb, p_problems jsonb) returns durabase.task_versions
-- definer: the engine has no write rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_version durabase.task_versions;
begin
  update durabase.task_versions set
      state = case when p_plan is not null then 'ready' else 'invalid' end,
      plan = p_plan, problems = case when p_plan is null then p_problems end,
      mode = p_plan ->> 'mode', priority = (p_plan ->> 'priority')::smallint,
      ttl = (p_plan ->> 'ttlMs')::numeric * interval '1 millisecond',
      needs_check = coalesce(p_plan ? 'inputSchema' or p_plan ? 'concurrency', true),
      published_at = now()
    where id = p_version and state = 'draft'
    returning * into v_version;
  if v_version.id is null then
    select * into v_version from durabase.task_versions where id = p_version; -- somebody else compiled it first
    return v_version;
  end if;
  if v_version.state = 'ready' then
    update durabase.tasks t set ready_version_id = v_version.id, updated_at = now()
      where t.id = v_version.task_id
        and not exists (select from durabase.task_versions o where o.id = t.ready_version_id and o.number > v_version.number);
  end if;
  perform durabase_private.audit(durabase_private.current_actor(), v_version.workspace_id,
    case v_version.state when 'ready' then 'task.published' else 'task.refused' end, 'task', v_version.task_id::text,
    jsonb_build_object('version', v_version.number));
  return v_version;
end $$;

-- ── Deleting and restoring ────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.delete_task(p_task text, p_workspace uuid) returns durabase.tasks
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_found durabase.tasks := durabase_private.find_task(v_actor, p_task, p_workspace, 'view');
  v_task durabase.tasks;
begin
  -- not asked for the single task: with whom one is shared for editing may change it, but not take it from everybody
  if not durabase_private.has_right(v_actor, 'edit', v_found.workspace_id) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may not delete tasks of this workspace', 'ask an admin of the workspace for the role editor');
  end if;
  update durabase.tasks set deleted_at = clock_timestamp(), updated_at = clock_timestamp()
    where id = v_found.id and deleted_at is null returning * into v_task;
  if v_task.id is null then perform durabase_private.refuse_missing_task(v_actor, p_task, p_workspace); end if;
  perform durabase_private.audit(v_actor, v_task.workspace_id, 'task.deleted', 'task', v_task.id::text, jsonb_build_object('slug', v_task.slug));
  return v_task;
end $$;

-- Deletes a task (slug or id): it cannot be started any more and its slug is free. Its runs keep their plan and go on, its
-- versions are kept, and it can be restored.
create function durabase.delete_task(task text, workspace uuid default null) returns durabase.tasks
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.delete_task(task, workspace);
end $$;

-- The deleted task that is meant; of several with one slug the one that was deleted last.
create function durabase_private.find_deleted_task(p_actor durabase_private.actor, p_task text, p_workspace uuid) returns durabase.tasks
-- definer: looks at tasks before it is known whether the caller may see them, and says nothing of those he may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_found durabase.tasks[];
begin
  select array_agg(g) into v_found from (
    select distinct on (t.workspace_id) t.*
      from durabase.tasks t join durabase.workspaces w on w.id = t.workspace_id and w.deleted_at is null
      where (case when p_task ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then t.id = p_task::uuid else t.slug = p_task end)
        and t.deleted_at is not null and (p_workspace is null or t.workspace_id = p_workspace)
        and durabase_private.has_right(p_actor, 'view', t.workspace_id, t.id)
      order by t.workspace_id, t.deleted_at desc) g;
  if cardinality(v_found) > 1 then
    perform durabase_private.refuse(422, 'WORKSPACE_AMBIGUOUS',
      format('%s workspaces have a deleted task %s', cardinality(v_found), to_json(p_task)), 'name the workspace', 'workspace');
  end if;
  return v_found[1];
end $$;

create function durabase_private.restore_task(p_task text, p_workspace uuid) returns durabase.tasks
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_found durabase.tasks;
  v_task durabase.tasks;
  v_is_deleted boolean;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  v_found := durabase_private.find_deleted_task(v_actor, p_task, p_workspace);
  v_is_deleted := v_found.id is not null;
  if not v_is_deleted then v_found := durabase_private.find_task(v_actor, p_task, p_workspace, 'view'); end if;
  if not durabase_private.has_right(v_actor, 'edit', v_found.workspace_id) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'you may not restore tasks of this workspace', 'ask an admin of the workspace for the role editor');
  end if;
  if not v_is_deleted then return v_found; end if; -- there is nothing to do
  -- LOCK: somebody may be saving a task of this slug
  perform durabase_private.lock_slug(v_found.workspace_id, v_found.slug);
  if exists (select from durabase.tasks t
      where t.workspace_id = v_found.workspace_id and t.slug = v_found.slug and t.deleted_at is null and t.id <> v_found.id) then
    perform durabase_private.refuse(409, 'SLUG_TAKEN', format('another task is called %s by now', to_json(v_found.slug)),
      'delete that one first, or save this definition under another slug', 'task');
  end if;
  update durabase.tasks set deleted_at = null, updated_at = clock_timestamp()
    where id = v_found.id and deleted_at is not null returning * into v_task;
  if v_task.id is null then -- somebody else was faster
    select * into v_task from durabase.tasks t where t.id = v_found.id;
    return v_task;
  end if;
  perform durabase_private.audit(v_actor, v_task.workspace_id, 'task.restored', 'task', v_task.id::text, jsonb_build_object('slug', v_task.slug));
  return v_task;
end $$;

-- Brings a deleted task back, with its versions and shares; of several with one slug the one that was deleted last. Refused
-- (409) while another task has its slug. A task that is not deleted stays as it is.
create function durabase.restore_task(task text, workspace uuid default null) returns durabase.tasks
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.restore_task(task, workspace);
end $$;

revoke execute on function durabase_private.refuse_missing_task(durabase_private.actor, text, uuid), durabase_private.lock_slug(uuid, text),
  durabase_private.save_version(jsonb, uuid, int), durabase_private.restore_version(text, int, uuid), durabase.restore_version(text, int, uuid),
  durabase_private.delete_task(text, uuid), durabase.delete_task(text, uuid),
  durabase_private.find_deleted_task(durabase_private.actor, text, uuid),
  durabase_private.restore_task(text, uuid), durabase.restore_task(text, uuid) from public;
grant execute on function durabase_private.restore_version(text, int, uuid), durabase.restore_version(text, int, uuid),
  durabase_private.delete_task(text, uuid), durabase.delete_task(text, uuid),
  durabase_private.restore_task(text, uuid), durabase.restore_task(text, uuid) to authenticated, service_role;
