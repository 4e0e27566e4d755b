-- Looking runs up by words, and by who started them, each as far as the caller sees it.

-- The parts of run_scope, a row each: 'all' runs of a workspace, those of a 'task', his 'own', his own as an 'end' user.
create function durabase_private.run_scopes(p_workspace uuid, p_task uuid)
returns table (kind text, workspace_id uuid, task_id uuid)
-- definer: tells the workspace of a task that the caller may not read
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v record := durabase_private.run_scope(p_workspace, p_task);
begin
  return query
    select 'all', w, null::uuid from unnest(v.all_ids) w
    union all
    select 'task', t.workspace_id, t.id from durabase.tasks t where t.id = any (v.task_ids)
    union all
    select 'own', w, p_task from unnest(v.own_ids) w where v.user_id is not null
    union all
    select 'end', w, p_task from unnest(v.end_ids) w where v.user_id is not null;
end $$;

create type durabase_private.run_filter as (
  kind text, workspace_id uuid, task_id uuid, user_id uuid, shared_ids uuid[], states text[], error_code text, actor_id uuid);
create type durabase_private.run_place as (created_at timestamptz, id uuid);

-- Whether a run is in the scope and fits the filter. What the index of words says may be a second old; this is not.
create function durabase_private.run_fits(p_run durabase.task_runs, p_filter durabase_private.run_filter) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_run.workspace_id = p_filter.workspace_id
    and (p_filter.kind in ('all', 'task') or (p_run.actor_user_id = p_filter.user_id and not p_run.task_id = any (p_filter.shared_ids)
      and (p_filter.kind = 'own' or p_run.end_user_kind is not distinct from 'run')))
    and (p_filter.task_id is null or p_run.task_id = p_filter.task_id)
    and (p_filter.states is null or p_run.state = any (p_filter.states))
    and (p_filter.error_code is null or left(p_run.error ->> 'code', 200) is not distinct from p_filter.error_code)
    and (p_filter.actor_id is null or p_run.actor_user_id is not distinct from p_filter.actor_id);
end $$;

-- What the words of a run must say to be in the scope and fit the filter.
create function durabase_private.filter_marks(p_filter durabase_private.run_filter) returns tsquery
language plpgsql stable set search_path = '' as $$
declare
  v_marks tsquery := '';
  v_any tsquery := '';
  v_state text;
begin
  if p_filter.task_id is not null then v_marks := v_marks && durabase_private.mark_query(' t' || p_filter.task_id); end if;
  if p_filter.kind in ('own', 'end') then v_marks := v_marks && durabase_private.mark_query(' u' || p_filter.user_id); end if;
  if p_filter.actor_id is not null then v_marks := v_marks && durabase_private.mark_query(' u' || p_filter.actor_id); end if;
  if p_filter.error_code is not null then v_marks := v_marks && durabase_private.mark_query(' e' || p_filter.error_code); end if;
  for v_state in select distinct durabase_private.text_state(s) from unnest(p_filter.states) s loop
    v_any := v_any || durabase_private.mark_query(' s' || v_state);
  end loop;
  return v_marks && v_any;
end $$;

-- Whether any run says this: one look into the index.
create function durabase_private.is_said(p_need tsquery) returns boolean
-- without plans that begin with everything there is: the planner cannot know how rare a word is
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return exists (select from durabase_private.run_texts t where t.words @@ p_need);
end $$;

-- Runs before a place that say p_need: among the newest 200 of the workspace, or in a block of it. Newest first. What an end user asks
-- for is looked for apart from the tags.
create function durabase_private.search_stretch(
  p_asked tsquery, p_need tsquery, p_filter durabase_private.run_filter, p_block bigint, p_before durabase_private.run_place, p_limit int
) returns setof durabase_private.run_place rows 50
-- as in is_said
language plpgsql stable set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_need tsquery := p_need && durabase_private.mark_query(' b' || p_block);
begin
  if p_block is null then
    return query
      select x.created_at, x.run_id
      from (
        select t.created_at, t.run_id, t.words, t.tag_words from durabase_private.run_texts t
        where t.workspace_id = p_filter.workspace_id and (t.created_at, t.run_id) < (p_before.created_at, p_before.id)
        order by t.created_at desc, t.run_id desc limit 200
      ) x join lateral (select r from durabase.task_runs r where r.id = x.run_id offset 0) z on true
      where x.words @@ p_need and (p_filter.kind <> 'end' or ts_delete(x.words, x.tag_words) @@ p_asked)
        and durabase_private.run_fits(z.r, p_filter)
      order by x.created_at desc, x.run_id desc limit p_limit;
  else
    return query
      select x.created_at, x.run_id
      from (
        select t.created_at, t.run_id, t.words, t.tag_words from durabase_private.run_texts t
        where t.words @@ v_need and (t.created_at, t.run_id) < (p_before.created_at, p_before.id)
        order by t.created_at desc, t.run_id desc offset 0
      ) x join lateral (select r from durabase.task_runs r where r.id = x.run_id offset 0) z on true
      where (p_filter.kind <> 'end' or ts_delete(x.words, x.tag_words) @@ p_asked) and durabase_private.run_fits(z.r, p_filter)
      order by x.created_at desc, x.run_id desc limit p_limit;
  end if;
end $$;

-- The newest runs of one scope that say p_asked, none of them older than p_floor is needed. First among the newest, where frequent
-- words are found at once; then block by block, each of which the index answers for.
create function durabase_private.search_scope(
  p_asked tsquery, p_filter durabase_private.run_filter, p_before durabase_private.run_place, p_floor timestamptz, p_limit int
) returns durabase_private.run_place[] language plpgsql stable set search_path = '' as $$
declare
  -- of an end user's runs all are looked at, since a word that is among the tags may be one that he excludes
  v_need tsquery := case when p_filter.kind = 'end' then '' else p_asked end && durabase_private.filter_marks(p_filter);
  v_found durabase_private.run_place[] := array(
    select h from durabase_private.search_stretch(p_asked, v_need, p_filter, null, p_before, p_limit) h);
  v_before durabase_private.run_place;
  v_block record;
  v_span bigint;
  v_is_said boolean;
  v_is_exclusion boolean := querytree(p_asked) = 'T'; -- said by so many that a look ahead only costs
begin
  if cardinality(v_found) >= p_limit then return v_found; end if;
  select t.created_at, t.run_id into v_before from durabase_private.run_texts t
    where t.workspace_id = p_filter.workspace_id and (t.created_at, t.run_id) < (p_before.created_at, p_before.id)
    order by t.created_at desc, t.run_id desc offset 199 limit 1;
  if not found then return v_found; end if;
  for v_block in
    select b.block, b.span, b.from_at, lead(b.from_at) over (order by b.from_at) as until_at from durabase_private.run_text_blocks b
    where b.workspace_id = p_filter.workspace_id and b.from_at <= v_before.created_at order by b.from_at desc
  loop
    exit when v_block.until_at <= p_floor or cardinality(v_found) >= p_limit;
    if v_block.span is distinct from v_span then
      v_span := v_block.span;
      v_is_said := v_is_exclusion or durabase_private.is_said(v_need && durabase_private.mark_query(' g' || v_span));
    end if;
    continue when not v_is_said;
    v_found := v_found || array(
      select h from durabase_private.search_stretch(p_asked, v_need, p_filter, v_block.block, v_before, p_limit - cardinality(v_found)) h);
  end loop;
  return v_found;
end $$;

-- The newest runs of one scope that somebody started: his runs are walked.
create function durabase_private.runs_of_actor(p_filter durabase_private.run_filter, p_before durabase_private.run_place, p_limit int)
returns durabase_private.run_place[] language plpgsql stable set search_path = '' as $$
begin
  return array(
    select row(r.created_at, r.id)::durabase_private.run_place from durabase.task_runs r
    where r.actor_user_id = p_filter.actor_id and r.workspace_id = p_filter.workspace_id
      and (r.created_at, r.id) < (p_before.created_at, p_before.id) and durabase_private.run_fits(r, p_filter)
    order by r.created_at desc, r.id desc limit p_limit);
end $$;

create function durabase_private.search_runs(
  p_q text, p_workspace uuid, p_task uuid, p_states text[], p_error_code text, p_actor uuid, p_since timestamptz,
  p_before_at timestamptz, p_before_id uuid, p_limit int
) returns table (id uuid) rows 50
-- definer: "@@" is not leakproof, so that under policies no index of words could be used; here the rights are asked once, as in run_scope
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_asked tsquery;
  v_filter durabase_private.run_filter;
  v_before durabase_private.run_place := (coalesce(p_before_at, 'infinity'), coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'));
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 1000);
  v_floor timestamptz := coalesce(p_since, '-infinity');
  v_found durabase_private.run_place[] := '{}';
  v_user uuid := durabase_private.runs_reader();
  v_shared uuid[] := durabase_private.shared_run_task_ids();
  v_scope record;
  v_id uuid;
begin
  if p_q is null and p_actor is null then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'nothing is looked for', 'give q, actor, or both', 'q');
  end if;
  if length(p_q) > 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('a search has at most 200 characters, this one has %s', length(p_q)),
      'use fewer words', 'q');
  end if;
  v_asked := durabase_private.words_asked(p_q);
  if numnode(v_asked) > 39 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'a search has at most 20 words', 'use fewer words', 'q');
  end if;
  v_id := substring(lower(p_q) from '^\s*(?:run-)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$')::uuid;
  -- an id stands for its run, whoever else names it
  if v_id is not null then
    return query
      select r.id from durabase.task_runs r cross join durabase_private.run_scopes(p_workspace, p_task) s
      where r.id = v_id and r.created_at >= v_floor and (r.created_at, r.id) < (v_before.created_at, v_before.id)
        and durabase_private.run_fits(r, row(s.kind, s.workspace_id, s.task_id, v_user, v_shared, p_states, p_error_code, p_actor))
      limit 1;
    if found then return; end if;
  end if;
  for v_scope in select s.* from durabase_private.run_scopes(p_workspace, p_task) s order by s.workspace_id, s.task_id loop
    v_filter := (v_scope.kind, v_scope.workspace_id, v_scope.task_id, v_user, v_shared, p_states, p_error_code, p_actor);
    continue when p_q is not null and numnode(v_asked) = 0;
    v_found := v_found || case when p_q is null then durabase_private.runs_of_actor(v_filter, v_before, v_limit)
      else durabase_private.search_scope(v_asked, v_filter, v_before, v_floor, v_limit) end;
    v_found := array(
      select row(h.created_at, h.id)::durabase_private.run_place from unnest(v_found) h where h.created_at >= v_floor
      order by h.created_at desc, h.id desc limit v_limit);
    if cardinality(v_found) >= v_limit then v_floor := v_found[v_limit].created_at; end if;
  end loop;
  return query select h.id from unnest(v_found) h;
end $$;

-- Runs that the caller sees and that say what is asked for, newest first: words of their task, tags, input and error, an id, or who
-- started them. before_at and before_id are created_at and id of the last row of the page before. Words are found about a second
-- after a run was accepted or has ended.
create function durabase.search_runs(
  q text default null, workspace uuid default null, task uuid default null, states text[] default null, error_code text default null,
  actor uuid default null, since timestamptz default null,
  before_at timestamptz default null, before_id uuid default null, page_limit int default 50
) returns setof durabase.task_runs rows 50 language plpgsql stable set search_path = '' as $$
#variable_conflict use_variable
begin
  return query
    select r.* from durabase_private.search_runs(q, workspace, task, states, error_code, actor, since, before_at, before_id, page_limit) f
      join durabase.task_runs r on r.id = f.id order by r.created_at desc, r.id desc;
end $$;

revoke execute on function durabase_private.run_scopes(uuid, uuid), durabase_private.run_fits(durabase.task_runs, durabase_private.run_filter),
  durabase_private.filter_marks(durabase_private.run_filter),
  durabase_private.is_said(tsquery),
  durabase_private.search_stretch(tsquery, tsquery, durabase_private.run_filter, bigint, durabase_private.run_place, int),
  durabase_private.search_scope(tsquery, durabase_private.run_filter, durabase_private.run_place, timestamptz, int),
  durabase_private.runs_of_actor(durabase_private.run_filter, durabase_private.run_place, int),
  durabase_private.search_runs(text, uuid, uuid, text[], text, uuid, timestamptz, timestamptz, uuid, int),
  durabase.search_runs(text, uuid, uuid, text[], text, uuid, timestamptz, timestamptz, uuid, int) from public;
grant execute on function durabase_private.search_runs(text, uuid, uuid, text[], text, uuid, timestamptz, timestamptz, uuid, int),
  durabase.search_runs(text, uuid, uuid, text[], text, uuid, timestamptz, timestamptz, uuid, int) to authenticated, service_role;
