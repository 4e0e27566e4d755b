-- The audit log as a hash chain: rows are appended without waiting, a sealer chains them in batches. No audit row is ever
-- updated. Each seal's hash covers the one before, so who knows the newest hash from elsewhere (log, metric) sees any change.

-- Rows that no seal covers yet; append-only work for the sealer.
create table durabase_private.audit_unsealed (
  n bigint primary key
);

create table durabase_private.audit_seals (
  seal bigint primary key,
  ns bigint[] not null,
  workspace_ids uuid[] not null, -- of the rows, so that a removed row can still be named to those it concerned
  row_hashes bytea[] not null,
  prev_hash bytea not null,
  hash bytea not null,
  sealed_at timestamptz not null default clock_timestamp(),
  constraint audit_seals_same_length check (cardinality(ns) = cardinality(row_hashes) and cardinality(ns) = cardinality(workspace_ids))
);
create trigger audit_seals_are_append_only before update or delete on durabase_private.audit_seals
  for each row execute function durabase_private.refuse_audit_change();
create trigger audit_seals_are_not_truncated before truncate on durabase_private.audit_seals
  for each statement execute function durabase_private.refuse_audit_change();

create function durabase_private.note_unsealed() returns trigger
-- definer: whoever appends an audit row may not write internal tables
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into durabase_private.audit_unsealed (n) values (new.n);
  return null;
end $$;
create trigger audit_log_note_unsealed after insert on durabase.audit_log
  for each row execute function durabase_private.note_unsealed();
insert into durabase_private.audit_unsealed (n) select a.n from durabase.audit_log a;

-- Microseconds instead of a timestamp's text, which depends on the session.
create function durabase_private.hash_audit_row(p_row durabase.audit_log) returns bytea
language sql stable set search_path = '' as $$
  select sha256(convert_to(jsonb_build_array(
    p_row.n, (extract(epoch from p_row.at) * 1000000)::bigint, p_row.workspace_id, p_row.actor_kind, p_row.actor_user_id,
    p_row.actor_name, p_row.action, p_row.entity, p_row.entity_id, p_row.details)::text, 'UTF8'))
$$;

-- Arrays instead of one long value: concatenating bytes in a loop takes minutes.
create function durabase_private.hash_seal(p_seal bigint, p_prev bytea, p_ns bigint[], p_workspaces uuid[], p_row_hashes bytea[])
returns bytea language sql immutable set search_path = '' as $$
  select sha256(p_prev || convert_to(p_seal || '|' || p_ns::text || '|' || p_workspaces::text || '|' || p_row_hashes::text, 'UTF8'))
$$;

-- Chains what is visible and unsealed. Returns the newest seal when it made one, null when there was nothing to do or another
-- sealer is at it.
create function durabase_private.seal_audit(p_limit int default 1000) returns jsonb
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_prev durabase_private.audit_seals;
  v_ns bigint[];
  v_workspaces uuid[];
  v_hashes bytea[];
  v_seal bigint;
  v_hash bytea;
begin
  if not pg_try_advisory_xact_lock(7220005) then return null; end if;
  with batch as (
    select u.n from durabase_private.audit_unsealed u order by u.n limit p_limit
  ), taken as (
    delete from durabase_private.audit_unsealed u using batch b where u.n = b.n returning u.n
  )
  select array_agg(a.n order by a.n), array_agg(a.workspace_id order by a.n), array_agg(durabase_private.hash_audit_row(a) order by a.n)
    into v_ns, v_workspaces, v_hashes
    from taken t join durabase.audit_log a on a.n = t.n;
  if v_ns is null then return null; end if;
  select * into v_prev from durabase_private.audit_seals s order by s.seal desc limit 1;
  v_seal := coalesce(v_prev.seal, 0) + 1;
  v_hash := durabase_private.hash_seal(v_seal, coalesce(v_prev.hash, ''), v_ns, v_workspaces, v_hashes);
  insert into durabase_private.audit_seals (seal, ns, workspace_ids, row_hashes, prev_hash, hash)
    values (v_seal, v_ns, v_workspaces, v_hashes, coalesce(v_prev.hash, ''), v_hash);
  return jsonb_build_object('seal', v_seal, 'hash', encode(v_hash, 'hex'), 'rows', cardinality(v_ns), 'isFull', cardinality(v_ns) = p_limit);
end $$;

-- The newest seal, to be kept outside of the database.
create function durabase_private.audit_head() returns jsonb
-- definer: the table is internal
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('seal', s.seal, 'hash', encode(s.hash, 'hex'), 'sealedAt', s.sealed_at)
  from durabase_private.audit_seals s order by s.seal desc limit 1
$$;

-- Every row and every seal that is not as it was sealed.
create function durabase_private.audit_problems(p_seal bigint, p_hash text)
returns table (problem text, n bigint, seal bigint, workspace_id uuid)
language sql stable set search_path = '' as $$
  with sealed as (
    select u.n, s.seal, u.workspace_id, u.row_hash
    from durabase_private.audit_seals s, unnest(s.ns, s.workspace_ids, s.row_hashes) u (n, workspace_id, row_hash)
  ), compared as (
    select coalesce(a.n, s.n) as n, s.seal, coalesce(s.workspace_id, a.workspace_id) as workspace_id,
      case
        when s.n is null and u.n is null then 'row was never recorded'
        when s.n is null then null -- the sealer will come to it
        when a.n is null then 'row was deleted'
        when s.row_hash <> durabase_private.hash_audit_row(a) then 'row was altered'
      end as problem
    from durabase.audit_log a
      full join sealed s on s.n = a.n
      left join durabase_private.audit_unsealed u on u.n = a.n
  ), chained as (
    select s.seal, lag(s.hash, 1, ''::bytea) over w as prev_hash, lag(s.seal, 1, 0::bigint) over w as prev_seal, s
    from durabase_private.audit_seals s window w as (order by s.seal)
  )
  select c.problem, c.n, c.seal, c.workspace_id from compared c where c.problem is not null
  union all
  select 'row was sealed twice', s.n, max(s.seal), min(s.workspace_id::text)::uuid from sealed s group by s.n having count(*) > 1
  union all
  select 'seals are missing before this one', null, c.seal, null from chained c where c.prev_seal <> c.seal - 1
  union all
  select 'seal was altered', null, c.seal, null from chained c
    where (c.s).prev_hash <> c.prev_hash
      or (c.s).hash <> durabase_private.hash_seal(c.seal, (c.s).prev_hash, (c.s).ns, (c.s).workspace_ids, (c.s).row_hashes)
  union all
  select 'the end of the chain was cut off or replaced', null, p_seal, null
    where p_seal is not null and not exists (
      select from durabase_private.audit_seals s where s.seal = p_seal and (p_hash is null or encode(s.hash, 'hex') = lower(p_hash)))
$$;

create function durabase_private.verify_audit(p_workspace uuid, p_seal bigint, p_hash text) returns jsonb
-- definer: seals are internal; admins of a workspace hear of its rows and of the seals
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_problems jsonb;
  v_count bigint;
begin
  if p_workspace is null and not (v_actor.is_privileged or durabase_private.is_instance_admin()) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only instance admins and services verify the whole log', 'name a workspace that you administer', 'workspace');
  end if;
  if p_workspace is not null and not durabase_private.has_right(v_actor, 'admin', p_workspace) then
    perform durabase_private.refuse(404, 'WORKSPACE_NOT_FOUND', 'you administer no such workspace', null, 'workspace');
  end if;
  select count(*), jsonb_agg(jsonb_strip_nulls(jsonb_build_object('problem', p.problem, 'n', p.n, 'seal', p.seal)) order by p.seal, p.n)
      filter (where p.place <= 1000)
    into v_count, v_problems
    from (
      select x.*, row_number() over (order by x.seal, x.n) as place
      from durabase_private.audit_problems(p_seal, p_hash) x
      where p_workspace is null or x.workspace_id = p_workspace or x.n is null
    ) p;
  return jsonb_build_object(
    'isIntact', v_count = 0,
    'rows', (select count(*) from durabase.audit_log a where p_workspace is null or a.workspace_id = p_workspace),
    'unsealed', (select count(*) from durabase_private.audit_unsealed u join durabase.audit_log a on a.n = u.n
      where p_workspace is null or a.workspace_id = p_workspace),
    'head', durabase_private.audit_head(),
    'problemCount', v_count,
    'problems', coalesce(v_problems, '[]'));
end $$;

-- Checks the audit log against its chain of hashes and names every row and seal that was altered, removed or forged (the first
-- 1,000). A cut-off end can be seen only with a seal and hash that were kept elsewhere: the worker logs them (`audit.sealed`)
-- and serves the newest as a metric.
create function durabase.verify_audit(workspace uuid default null, known_seal bigint default null, known_hash text default null)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return durabase_private.verify_audit(workspace, known_seal, known_hash);
end $$;

alter table durabase_private.audit_unsealed enable row level security;
alter table durabase_private.audit_seals enable row level security;
revoke execute on function durabase_private.note_unsealed(), durabase_private.hash_audit_row(durabase.audit_log),
  durabase_private.hash_seal(bigint, bytea, bigint[], uuid[], bytea[]), durabase_private.seal_audit(int), durabase_private.audit_head(),
  durabase_private.audit_problems(bigint, text), durabase_private.verify_audit(uuid, bigint, text),
  durabase.verify_audit(uuid, bigint, text) from public;
grant execute on function durabase_private.seal_audit(int), durabase_private.audit_head() to durabase_engine;
grant execute on function durabase_private.audit_head() to durabase_gateway;
grant execute on function durabase_private.verify_audit(uuid, bigint, text), durabase.verify_audit(uuid, bigint, text) to authenticated, service_role;
