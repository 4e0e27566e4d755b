-- The words of runs, for looking them up: of the task, of what went in and of how it failed. A pass of the worker that leads writes
-- them after the fact, so that nobody who starts or ends a run waits for it.

-- Runs of a workspace by the time of their acceptance, some thousands in each block. A block is a word of its runs, so that the index
-- of words answers for a stretch of one workspace's list, and a frequent word costs no more than that stretch. Four blocks are a
-- span, a word as well: where nobody says what is asked for, one look leaves out four. Longer spans cost more where somebody does.
create sequence durabase_private.run_text_span_seq;
create table durabase_private.run_text_blocks (
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  from_at timestamptz not null, -- up to where the next one begins
  block bigint generated always as identity unique,
  span bigint not null,
  run_count int not null default 0,
  primary key (workspace_id, from_at)
);

create table durabase_private.run_texts (
  run_id uuid primary key references durabase.task_runs (id) on delete cascade,
  workspace_id uuid not null references durabase.workspaces (id) on delete cascade,
  created_at timestamptz not null,
  block bigint not null,
  state text not null,
  version bigint not null,
  words tsvector not null,
  tag_words text[] not null
);
comment on column durabase_private.run_texts.tag_words is 'Words that only the tags of the task say.';
comment on column durabase_private.run_texts.state is 'As it ended, or "open".';
create index run_texts_page_idx on durabase_private.run_texts (workspace_id, created_at, run_id);
create index run_texts_words_idx on durabase_private.run_texts using gin (words);

create table durabase_private.run_text_progress (
  id int primary key constraint run_text_progress_one_row check (id = 1),
  position bigint not null,
  backfill_after uuid
);
comment on column durabase_private.run_text_progress.position is 'Changes up to this position have been looked at.';
comment on column durabase_private.run_text_progress.backfill_after is 'Runs up to this id have been looked at, whatever changed; null: all have.';

alter table durabase_private.run_text_blocks enable row level security;
alter table durabase_private.run_texts enable row level security;
alter table durabase_private.run_text_progress enable row level security;

-- ── Words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The words of a text without their places, which would take more room than the words; addresses, paths and markup by their parts.
create function durabase_private.words_of(p_text text) returns tsvector language sql immutable set search_path = '' as $$
  select strip(to_tsvector('pg_catalog.simple'::regconfig, translate(p_text, '<>@./\:=?&#', '           ')))
$$;

-- What is asked for: words, -word, or. What belongs together asks for each of its words: the index alone can tell.
create function durabase_private.words_asked(p_text text) returns tsquery language sql immutable set search_path = '' as $$
  select regexp_replace(
    websearch_to_tsquery('pg_catalog.simple'::regconfig, translate(p_text, '<>@./\:=?&#', '           '))::text, '<(-|\d+)>', '&', 'g')::tsquery
$$;

-- One of our own marks. They begin with a space, which no word of a text does.
create function durabase_private.mark_query(p_mark text) returns tsquery language sql immutable set search_path = '' as $$
  select ('''' || replace(replace(p_mark, '\', '\\'), '''', '''''') || '''')::tsquery
$$;

create function durabase_private.text_state(p_state text) returns text language sql immutable set search_path = '' as $$
  select case when p_state in ('completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired') then p_state else 'open' end
$$;

-- Of the task's tags, those that nothing else of the run says: end users see their runs, and no tags.
create function durabase_private.run_words(
  p_run durabase.task_runs, p_task durabase.tasks, p_block bigint, p_span bigint, out words tsvector, out tag_words text[]
)
language plpgsql immutable set search_path = '' as $$
declare
  v_said tsvector := durabase_private.words_of(concat_ws(E'\n',
    p_run.id, right(p_run.id::text, 8), p_task.slug, p_task.name,
    left(p_run.error ->> 'code', 200), left(p_run.error ->> 'message', 4000),
    -- keys and values as they are written, without the escapes
    regexp_replace(left(p_run.input::text, 12000), '\\(u[0-9a-f]{4}|.)', ' ', 'g')));
  v_tags tsvector := durabase_private.words_of(left(array_to_string(p_task.tags, ' '), 2000));
begin
  tag_words := tsvector_to_array(ts_delete(v_tags, tsvector_to_array(v_said)));
  words := v_said || v_tags || array_to_tsvector(array_remove(array[
    ' b' || p_block, ' g' || p_span, ' t' || p_run.task_id, ' u' || p_run.actor_user_id, ' s' || durabase_private.text_state(p_run.state),
    ' e' || left(p_run.error ->> 'code', 200)], null));
end $$;

-- ── The pass ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Writes the words of these runs where they are missing or old. One pass at a time.
create function durabase_private.write_run_texts(p_runs uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
  insert into durabase_private.run_text_blocks (workspace_id, from_at, span)
    select w.id, '-infinity', nextval('durabase_private.run_text_span_seq')
    from (select distinct r.workspace_id as id from durabase.task_runs r where r.id = any (p_runs)) w
    where not exists (select from durabase_private.run_text_blocks b where b.workspace_id = w.id);
  with due as (
    select r as run, t as task, b.block, b.span
    from durabase.task_runs r
      join durabase.tasks t on t.id = r.task_id
      cross join lateral (
        select b.block, b.span from durabase_private.run_text_blocks b
        where b.workspace_id = r.workspace_id and b.from_at <= r.created_at order by b.from_at desc limit 1) b
      left join durabase_private.run_texts x on x.run_id = r.id
    where r.id = any (p_runs) and (x.run_id is null or x.state <> durabase_private.text_state(r.state)
      or (x.version < r.version and r.finished_at is not null))
  ), written as (
    insert into durabase_private.run_texts as x (run_id, workspace_id, created_at, block, state, version, words, tag_words)
      select (d.run).id, (d.run).workspace_id, (d.run).created_at, d.block, durabase_private.text_state((d.run).state), (d.run).version,
        w.words, w.tag_words
      from due d cross join lateral durabase_private.run_words(d.run, d.task, d.block, d.span) w order by (d.run).created_at, (d.run).id
      -- a run stays in the block where it is, or its place would be counted twice
      on conflict (run_id) do update set state = excluded.state, version = excluded.version, words = excluded.words,
        tag_words = excluded.tag_words
      returning x.block, x.xmax = 0 as is_new
  )
  update durabase_private.run_text_blocks b set run_count = b.run_count + w.added
    from (select w.block, count(*) as added from written w where w.is_new group by w.block) w where b.block = w.block;
  -- a full block that is the newest of its workspace: what comes later goes into another one
  insert into durabase_private.run_text_blocks (workspace_id, from_at, span)
    select b.workspace_id, n.at + interval '1 microsecond', case
        when (select count(*) from durabase_private.run_text_blocks l where l.workspace_id = b.workspace_id and l.span = b.span) < 4 then b.span
        else nextval('durabase_private.run_text_span_seq') end
    from durabase_private.run_text_blocks b cross join lateral (
      select x.created_at as at from durabase_private.run_texts x
      where x.workspace_id = b.workspace_id and x.created_at <= clock_timestamp() order by x.created_at desc, x.run_id desc limit 1) n
    where b.run_count >= 4096 and n.at >= b.from_at and b.workspace_id in (select r.workspace_id from durabase.task_runs r where r.id = any (p_runs))
      and not exists (select from durabase_private.run_text_blocks l where l.workspace_id = b.workspace_id and l.from_at > b.from_at)
    on conflict (workspace_id, from_at) do nothing;
end $$;

-- One pass over what has changed, then over the runs that were there before: p_limit of both together. Positions of changes are given
-- in the order of commits, so that nothing comes in behind. Returns how many it looked at, or -1 when another one is at it.
create function durabase_private.index_runs(p_limit int default 500) returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_progress durabase_private.run_text_progress;
  v_last bigint;
  v_changes int;
  v_changed uuid[];
  v_older uuid[] := '{}';
begin
  if not exists (
    select from durabase_private.run_text_progress p
    where p.backfill_after is not null or exists (select from durabase_private.changes c where c.position > p.position)
  ) then return 0; end if;
  select p.* into v_progress from durabase_private.run_text_progress p for update skip locked;
  if not found then return -1; end if;
  select max(c.position), count(*), coalesce(array_agg(distinct c.run_id) filter (where c.kind = 'run'), '{}')
    into v_last, v_changes, v_changed
    from (
      select c.position, c.kind, c.run_id from durabase_private.changes c
      where c.position > v_progress.position order by c.position limit p_limit) c;
  if v_progress.backfill_after is not null and v_changes < p_limit then
    v_older := array(
      select r.id from durabase.task_runs r where r.id > v_progress.backfill_after order by r.id limit p_limit - v_changes);
  end if;
  perform durabase_private.write_run_texts(v_changed || v_older);
  -- or the next search would read what waits to be sorted into the index
  perform gin_clean_pending_list('durabase_private.run_texts_words_idx');
  update durabase_private.run_text_progress p set
    position = coalesce(v_last, p.position),
    backfill_after = case
      when v_changes >= p_limit then p.backfill_after
      when cardinality(v_older) < p_limit - v_changes then null
      else v_older[cardinality(v_older)] end;
  return v_changes + cardinality(v_older);
end $$;

-- Begins anew: for runs that were there before, and after rows were brought in past our own functions.
create function durabase_private.begin_run_texts() returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform from durabase_private.run_text_progress p for update;
  delete from durabase_private.run_texts;
  delete from durabase_private.run_text_blocks;
  with places as (
    select r.workspace_id, r.created_at, row_number() over (partition by r.workspace_id order by r.created_at) - 1 as place
    from durabase.task_runs r
  ), spans as materialized (
    select s.workspace_id, s.place, nextval('durabase_private.run_text_span_seq') as span
    from (select distinct p.workspace_id, p.place / 16384 as place from places p) s
  )
  insert into durabase_private.run_text_blocks (workspace_id, from_at, span)
    select p.workspace_id, case when p.place = 0 then '-infinity' else p.created_at end, s.span
    from places p join spans s on s.workspace_id = p.workspace_id and s.place = p.place / 16384
    where p.place % 4096 = 0
    on conflict (workspace_id, from_at) do nothing;
  insert into durabase_private.run_text_progress (id, position, backfill_after)
    values (1, coalesce((select max(c.position) from durabase_private.changes c), 0), '00000000-0000-0000-0000-000000000000')
    on conflict (id) do update set position = excluded.position, backfill_after = excluded.backfill_after;
end $$;
select durabase_private.begin_run_texts();

-- As before; what is forgotten before the words of its run were written is made up for by looking at all runs again.
create or replace function durabase_private.prune_changes(p_keep interval default '7 days', p_limit int default 10000) returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
  v_last bigint;
begin
  with old as (
    select c.position from durabase_private.changes c where c.at < clock_timestamp() - p_keep order by c.position limit p_limit
  ), gone as (
    delete from durabase_private.changes c using old where c.position = old.position returning c.feed_id, c.seq, c.position
  ), marked as (
    update durabase_private.feed_counters k set pruned_seq = greatest(k.pruned_seq, g.seq)
      from (select feed_id, max(seq) as seq from gone group by feed_id) g where k.id = g.feed_id
  )
  select count(*), max(g.position) into v_count, v_last from gone g;
  update durabase_private.run_text_progress p
    set position = v_last, backfill_after = '00000000-0000-0000-0000-000000000000'
    where p.position < v_last;
  return v_count;
end $$;

revoke execute on function durabase_private.words_of(text), durabase_private.words_asked(text), durabase_private.mark_query(text),
  durabase_private.text_state(text), durabase_private.run_words(durabase.task_runs, durabase.tasks, bigint, bigint),
  durabase_private.write_run_texts(uuid[]), durabase_private.index_runs(int), durabase_private.begin_run_texts() from public;
grant execute on function durabase_private.index_runs(int) to durabase_engine;
