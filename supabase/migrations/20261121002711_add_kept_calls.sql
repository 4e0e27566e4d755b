-- Idempotency keys of calls that make something else than a run or an event: the same call, asked again, is answered again and done once.
-- What is kept is how to find again what was made, never a secret: keys and tokens are told once, to whoever asked first.

create table durabase_private.kept_calls (
  caller text not null constraint kept_calls_caller_length check (length(caller) between 1 and 300),
  operation text not null constraint kept_calls_operation_length check (length(operation) between 1 and 60),
  key text not null constraint kept_calls_key_length check (length(key) between 1 and 200),
  body_hash bytea not null,
  answer jsonb constraint kept_calls_answer_size check (octet_length(answer::text) <= 1048576),
  created_at timestamptz not null default now(),
  primary key (caller, operation, key)
);
comment on column durabase_private.kept_calls.answer is 'Null only while the call that claimed the key is under way, which nobody else sees.';
create index kept_calls_created_at_idx on durabase_private.kept_calls (created_at);
alter table durabase_private.kept_calls enable row level security;

-- Whose keys these are. A key of an API key is another one than the same key of the member who made it, who may more.
create function durabase_private.caller_name() returns text
-- definer: reads the key, which its user may not
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_key durabase.api_keys := durabase_private.key_of_call();
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  return left(case when v_key.id is not null then 'api_key ' || v_key.id else v_actor.kind || ' ' || coalesce(v_actor.user_id::text, v_actor.name) end, 300);
end $$;

-- Null: the key is new, and the caller does what he came for, in this transaction: if that fails, the key is free again. Otherwise what
-- was kept of the first call. Whoever asks while the first call is under way waits for its end.
create function durabase_private.claim_call(p_operation text, p_key text, p_body jsonb) returns jsonb
-- definer: what is kept is internal; everybody reaches his own keys only
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_caller text := durabase_private.caller_name();
  v_hash bytea := sha256(convert_to(p_body::text, 'utf8'));
  v_known durabase_private.kept_calls;
begin
  if length(coalesce(p_key, '')) not between 1 and 200 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'an idempotency key has 1 to 200 characters', null, 'idempotency_key');
  end if;
  loop
    -- LOCK: the key, before anything that the call itself holds
    insert into durabase_private.kept_calls (caller, operation, key, body_hash) values (v_caller, p_operation, p_key, v_hash) on conflict do nothing;
    if found then return null; end if;
    select * into v_known from durabase_private.kept_calls k where k.caller = v_caller and k.operation = p_operation and k.key = p_key;
    exit when found; -- or it was forgotten in between
  end loop;
  if v_known.body_hash <> v_hash then
    perform durabase_private.refuse(409, 'IDEMPOTENCY_CONFLICT', 'this idempotency key was used with another body', 'use a new key for a new call', 'idempotency_key');
  end if;
  return v_known.answer;
end $$;

-- Keeps what finds again what the call made. Once: what is kept does not change.
create function durabase_private.keep_answer(p_operation text, p_key text, p_answer jsonb) returns void
-- definer: what is kept is internal; everybody reaches his own keys only
language plpgsql volatile security definer set search_path = '' as $$
begin
  update durabase_private.kept_calls k set answer = p_answer
    where k.caller = durabase_private.caller_name() and k.operation = p_operation and k.key = p_key and k.answer is null and p_answer is not null;
  if not found then raise exception 'the key of % was not claimed in this transaction', p_operation; end if;
end $$;

-- Forgets keys older than p_keep, at most p_limit of them: a call that is asked again later is a new one.
create function durabase_private.prune_calls(p_keep interval default '7 days', p_limit int default 10000) returns int
-- definer: the engine has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  with old as (
    select k.caller, k.operation, k.key from durabase_private.kept_calls k where k.created_at < clock_timestamp() - p_keep
    order by k.created_at limit p_limit
  )
  delete from durabase_private.kept_calls k using old where (k.caller, k.operation, k.key) = (old.caller, old.operation, old.key);
  get diagnostics v_count = row_count;
  return v_count;
end $$;

revoke execute on function durabase_private.caller_name(), durabase_private.claim_call(text, text, jsonb),
  durabase_private.keep_answer(text, text, jsonb), durabase_private.prune_calls(interval, int) from public;
grant execute on function durabase_private.claim_call(text, text, jsonb), durabase_private.keep_answer(text, text, jsonb)
  to authenticated, service_role;
grant execute on function durabase_private.prune_calls(interval, int) to durabase_engine;
