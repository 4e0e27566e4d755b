-- API keys are made, looked up and revoked, and rows say that it was a key.

-- ── What is written down ──────────────────────────────────────────────────────────────────────────────────────────────

alter table durabase.task_runs drop constraint task_runs_actor_kind_known,
  add constraint task_runs_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role', 'operator', 'api_key')) not valid;
alter table durabase.task_runs validate constraint task_runs_actor_kind_known;
alter table durabase.events drop constraint events_actor_kind_known,
  add constraint events_actor_kind_known check (actor_kind in ('user', 'service', 'sql_role', 'api_key')) not valid;
alter table durabase.events validate constraint events_actor_kind_known;

-- Rights are those of a member, but rows say that it was a key.
create function durabase_private.note_key() returns trigger language plpgsql volatile set search_path = '' as $$
begin
  if (durabase_private.key_of_call()).id is not null then new.actor_kind := 'api_key'; end if;
  return new;
end $$;
create trigger task_runs_note_key before insert on durabase.task_runs for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();
create trigger events_note_key before insert on durabase.events for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();
create trigger audit_log_note_key before insert on durabase.audit_log for each row
  when (new.actor_kind = 'user' and current_setting('request.jwt.claims', true) like '%"durabase_api_key"%') execute function durabase_private.note_key();

-- The actor of a run at this moment: work that a step does for a user checks the rights of now. What a key began is done with the rights of
-- its member, in the workspace of the run.
create or replace function durabase_private.actor_of_run(p_run durabase.task_runs) returns durabase_private.actor
language sql stable set search_path = '' as $$
  select (case p_run.actor_kind when 'api_key' then 'user' else p_run.actor_kind end, p_run.actor_user_id, p_run.actor_name,
    p_run.actor_kind not in ('user', 'api_key'))::durabase_private.actor
$$;

-- ── Making and revoking ───────────────────────────────────────────────────────────────────────────────────────────────

create function durabase_private.create_api_key(
  p_name text, p_scopes text[], p_workspace uuid, p_expires_at timestamptz, out api_key durabase.api_keys, out key text
)
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.find_workspace(v_actor, p_workspace);
  v_scopes text[];
  v_body text;
begin
  if not durabase_private.has_right(v_actor, 'admin', v_workspace) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only admins of the workspace make API keys', 'ask one of them');
  end if;
  if v_actor.kind <> 'user' or (durabase_private.key_of_call()).id is not null then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'an API key belongs to a member, and no key makes others', 'sign in as an admin of the workspace');
  end if;
  if p_name is null or length(p_name) not between 1 and 100 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the name of a key has 1 to 100 characters', null, 'name');
  end if;
  select array_agg(distinct s order by s) into v_scopes from unnest(p_scopes) s;
  if v_scopes is null or array_position(v_scopes, null) is not null
    or not v_scopes <@ array['runs:read', 'runs:start', 'runs:operate', 'tasks:read', 'tasks:write', 'events:emit', 'admin'] then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('the scopes %s are not known', to_json(p_scopes)),
      'use runs:read, runs:start, runs:operate, tasks:read, tasks:write, events:emit or admin', 'scopes');
  end if;
  if p_expires_at <= now() then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the key would have expired already', 'choose a time to come', 'expires_at');
  end if;
  v_body := translate(rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '='), E'+/\n', '-_');
  key := 'dbk_' || v_body || '_' || left(encode(sha256(convert_to(v_body, 'utf8')), 'hex'), 6); -- tells a typo from a wrong key
  insert into durabase.api_keys (workspace_id, name, prefix, scopes, created_by, expires_at)
    values (v_workspace, p_name, left(key, 12), v_scopes, v_actor.user_id, p_expires_at) returning * into api_key;
  insert into durabase_private.api_key_hashes (key_id, hash) values (api_key.id, encode(sha256(convert_to(key, 'utf8')), 'hex'));
  perform durabase_private.audit(v_actor, v_workspace, 'api_key.created', 'api_key', api_key.id::text,
    jsonb_strip_nulls(jsonb_build_object('name', p_name, 'prefix', api_key.prefix, 'scopes', to_jsonb(v_scopes), 'expiresAt', p_expires_at)));
end $$;

-- Makes an API key of the caller in a workspace that he administers. `key` is told this once.
create function durabase.create_api_key(name text, scopes text[], workspace uuid default null, expires_at timestamptz default null)
returns table (api_key durabase.api_keys, key text) language plpgsql volatile set search_path = '' as $$
begin
  return query select c.api_key, c.key from durabase_private.create_api_key(name, scopes, workspace, expires_at) c;
end $$;

create function durabase_private.revoke_api_key(p_key uuid) returns durabase.api_keys
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_key durabase.api_keys;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_key from durabase.api_keys k where k.id = p_key for update;
  if v_key.id is null or not durabase_private.has_right(v_actor, 'admin', v_key.workspace_id) then
    perform durabase_private.refuse(404, 'API_KEY_NOT_FOUND', 'no such API key is visible to you', 'admins of its workspace see it', 'api_key');
  end if;
  if v_key.revoked_at is not null then return v_key; end if;
  update durabase.api_keys set revoked_at = clock_timestamp() where id = p_key returning * into v_key;
  perform durabase_private.audit(v_actor, v_key.workspace_id, 'api_key.revoked', 'api_key', p_key::text,
    jsonb_build_object('name', v_key.name, 'prefix', v_key.prefix));
  return v_key;
end $$;

-- Ends an API key at once, for good.
create function durabase.revoke_api_key(api_key uuid) returns durabase.api_keys language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.revoke_api_key(api_key);
end $$;

-- What the API asks before it acts for a key: how it stands with it. Notes its use.
create function durabase_private.look_up_api_key(p_hash text) returns table (state text, key_id uuid, scopes text[])
-- definer: the gateway has no rights on tables
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key durabase.api_keys;
begin
  select k.* into v_key from durabase_private.api_key_hashes h join durabase.api_keys k on k.id = h.key_id where h.hash = p_hash;
  if v_key.id is null then return; end if;
  if v_key.revoked_at is null and (v_key.last_used_at is null or v_key.last_used_at < date_trunc('minute', now())) then
    update durabase.api_keys k set last_used_at = date_trunc('minute', now()) where k.id = v_key.id;
  end if;
  return query select case when v_key.revoked_at is not null then 'revoked' when v_key.expires_at <= now() then 'expired' else 'good' end, v_key.id, v_key.scopes;
end $$;

revoke execute on function durabase_private.note_key(),
  durabase_private.create_api_key(text, text[], uuid, timestamptz), durabase.create_api_key(text, text[], uuid, timestamptz),
  durabase_private.revoke_api_key(uuid), durabase.revoke_api_key(uuid), durabase_private.look_up_api_key(text) from public;
grant execute on function durabase_private.create_api_key(text, text[], uuid, timestamptz), durabase.create_api_key(text, text[], uuid, timestamptz),
  durabase_private.revoke_api_key(uuid), durabase.revoke_api_key(uuid) to authenticated, service_role;
grant execute on function durabase_private.look_up_api_key(text) to durabase_gateway;
