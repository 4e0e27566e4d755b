-- Looking tasks up by words. Before, every visible task was read and taken apart at each search.

create function durabase_private.task_words(p_workspace uuid, p_slug text, p_name text, p_description text, p_tags text[])
returns tsvector language sql immutable set search_path = '' as $$
  -- with the places of the words, unlike those of runs: what is quoted stands together
  select to_tsvector('pg_catalog.simple'::regconfig, translate(
      concat_ws(E'\n', p_slug, p_name, p_description, left(array_to_string(p_tags, ' '), 2000)), '<>@./\:=?&#', '           '))
    || array_to_tsvector(array[' w' || p_workspace, ' p' || p_slug])
$$;
-- written at once, not gathered: tasks are saved seldom, and searches would read what was gathered
create index tasks_words_idx on durabase.tasks using gin (durabase_private.task_words(workspace_id, slug, name, description, tags))
  with (fastupdate = off);

create function durabase_private.search_tasks(
  p_q text, p_workspace uuid, p_tag text, p_type text, p_is_deleted boolean, p_before_at timestamptz, p_before_id uuid, p_limit int
) returns table (id uuid) rows 50
-- definer: "@@" is not leakproof, so that under policies the index could not be used; here the rights are asked once
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_sees_everything boolean := (durabase_private.current_actor()).is_privileged or durabase_private.is_instance_admin();
  v_ws uuid[] := durabase_private.ws_ids();
  v_shared uuid[] := durabase_private.shared_task_ids();
  v_where tsquery := '';
  v_asked tsquery;
  v_workspace uuid;
begin
  if length(p_q) > 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('a search has at most 200 characters, this one has %s', length(p_q)),
      'use fewer words', 'q');
  end if;
  if coalesce(trim(p_q), '') = '' or not durabase_private.key_allows('{tasks:read,tasks:write}') then return; end if;
  -- words, or how the slug begins
  v_asked := websearch_to_tsquery('pg_catalog.simple'::regconfig, translate(p_q, '<>@./\:=?&#', '           '))
    || (durabase_private.mark_query(' p' || lower(trim(p_q)))::text || ':*')::tsquery;
  if not v_sees_everything then
    for v_workspace in select w from unnest(v_ws) w union select t.workspace_id from durabase.tasks t where t.id = any (v_shared) loop
      v_where := v_where || durabase_private.mark_query(' w' || v_workspace);
    end loop;
    if numnode(v_where) = 0 then return; end if;
  end if;
  if p_workspace is not null then v_where := v_where && durabase_private.mark_query(' w' || p_workspace); end if;
  v_asked := v_where && v_asked;
  return query
    select t.id from durabase.tasks t
    where durabase_private.task_words(t.workspace_id, t.slug, t.name, t.description, t.tags) @@ v_asked
      and (v_sees_everything or t.workspace_id = any (v_ws) or t.id = any (v_shared))
      and (p_workspace is null or t.workspace_id = p_workspace)
      and (t.deleted_at is not null) = p_is_deleted and (p_tag is null or p_tag = any (t.tags)) and (p_type is null or t.type = p_type)
      and (t.created_at, t.id) < (coalesce(p_before_at, 'infinity'), coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    order by t.created_at desc, t.id desc limit least(greatest(coalesce(p_limit, 50), 1), 1000);
end $$;

-- Tasks that the caller sees and that say these words in their slug, name, description or tags, or whose slug begins so; newest first.
-- before_at and before_id are created_at and id of the last row of the page before.
create function durabase.search_tasks(
  q text, workspace uuid default null, before_at timestamptz default null, before_id uuid default null, page_limit int default 50
) returns setof durabase.tasks rows 50 language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
begin
  return query
    select t.* from durabase_private.search_tasks(q, workspace, null, null, false, before_at, before_id, page_limit) f
      join durabase.tasks t on t.id = f.id order by t.created_at desc, t.id desc;
end $$;

revoke execute on function durabase_private.task_words(uuid, text, text, text, text[]),
  durabase_private.search_tasks(text, uuid, text, text, boolean, timestamptz, uuid, int),
  durabase.search_tasks(text, uuid, timestamptz, uuid, int) from public;
grant execute on function durabase_private.search_tasks(text, uuid, text, text, boolean, timestamptz, uuid, int),
  durabase.search_tasks(text, uuid, timestamptz, uuid, int) to authenticated, service_role;
