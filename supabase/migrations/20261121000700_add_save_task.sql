-- Saving a task, and making a saved version ready.

-- Which task a caller means, by id or by slug; refuses with what would be right.
create function durabase_private.find_task(p_actor durabase_private.actor, p_task text, p_workspace uuid, p_right text)
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
    perform durabase_private.refuse(404, 'TASK_NOT_FOUND', format('no task %s is visible to you', to_json(left(coalesce(p_task, ''), 100))),
      'give the slug or the id of a task of yours, and the workspace if it is not your own', 'task');
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

-- The workspace that a caller means when he names none, or the one that he names, if he sees it or a task in it.
create function durabase_private.find_workspace(p_actor durabase_private.actor, p_workspace uuid) returns uuid
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_ids uuid[];
begin
  if p_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  if p_workspace is not null then
    if not exists (select from durabase.workspaces w where w.id = p_workspace and w.deleted_at is null)
      or not (
        durabase_private.has_right(p_actor, 'view', p_workspace)
        or exists (
          select from durabase.tasks t join durabase.task_permissions p on p.task_id = t.id
          where t.workspace_id = p_workspace and t.deleted_at is null and p.user_id = p_actor.user_id and p.can_view)
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

create function durabase_private.save_task(p_definition jsonb, p_workspace uuid) returns durabase.task_versions
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
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
  perform pg_advisory_xact_lock(hashtextextended(v_workspace::text || '/' || v_slug, 7220003));
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
    jsonb_build_object('slug', v_slug, 'version', v_version.number));
  return v_version;
end $$;

-- Saves a version of a task. It is a draft: a worker compiles it within a second and makes it ready or invalid.
create function durabase.save_task(definition jsonb, workspace uuid default null) returns durabase.task_versions
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.save_task(definition, workspace);
end $$;

-- Makes a draft ready with the plan that our own compiler made, or invalid with its problems. Never called for a user.
create function durabase_private.publish_version(p_version uuid, p_plan jsonb, p_problems jsonb) returns durabase.task_versions
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
  return v_version;
end $$;

-- Drafts that nobody compiled yet, oldest first.
create function durabase_private.list_drafts(p_limit int) returns table (version_id uuid, workspace_id uuid, definition jsonb)
-- definer: the engine has no read rights on tables
language sql stable security definer set search_path = '' as $$
  select v.id, v.workspace_id, v.definition from durabase.task_versions v where v.state = 'draft' order by v.created_at limit p_limit
$$;

revoke execute on function durabase_private.find_task(durabase_private.actor, text, uuid, text),
  durabase_private.find_workspace(durabase_private.actor, uuid), durabase_private.save_task(jsonb, uuid),
  durabase.save_task(jsonb, uuid), durabase_private.publish_version(uuid, jsonb, jsonb), durabase_private.list_drafts(int) from public;
grant execute on function durabase_private.save_task(jsonb, uuid), durabase.save_task(jsonb, uuid) to authenticated, service_role;
grant execute on function durabase_private.publish_version(uuid, jsonb, jsonb) to durabase_engine, durabase_gateway;
grant execute on function durabase_private.list_drafts(int) to durabase_engine;
