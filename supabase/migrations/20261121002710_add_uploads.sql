-- Uploads: a file goes from its owner straight into Supabase Storage, by a URL that is signed for one path. Here it is decided who gets one
-- and how the path is called; no byte of the file passes through Durabase.

-- The workspace into which the caller may upload: whoever may start runs there brings what they work on.
create function durabase_private.upload_workspace(p_workspace uuid) returns uuid
-- definer: reads memberships
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.find_workspace(v_actor, p_workspace);
begin
  if not durabase_private.has_right(v_actor, 'run', v_workspace) or not durabase_private.key_allows('{runs:start}') then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only those who may start runs in the workspace upload files', 'ask an admin of the workspace', 'workspace');
  end if;
  return v_workspace;
end $$;

-- The last part of a path, in letters that every store and every shell takes, its ending kept.
create function durabase_private.safe_file_name(p_name text) returns text language plpgsql immutable set search_path = '' as $$
declare
  v_name text := regexp_replace(normalize(regexp_replace(p_name, '^.*[/\\]', ''), nfkd), '[\u0300-\u036f]', '', 'g');
  v_ending text;
begin
  v_name := regexp_replace(regexp_replace(v_name, '[^A-Za-z0-9._-]+', '-', 'g'), '\.{2,}', '.', 'g');
  v_name := regexp_replace(v_name, '^[.-]+|[.-]+$', '', 'g');
  v_ending := coalesce(substring(v_name from '\.[A-Za-z0-9]{1,16}$'), '');
  return coalesce(nullif(left(left(v_name, length(v_name) - length(v_ending)), 80), ''), 'file') || v_ending;
end $$;

create function durabase_private.prepare_upload(p_file_name text, p_content_type text, p_bytes bigint, p_workspace uuid) returns text
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_workspace uuid := durabase_private.upload_workspace(p_workspace);
  v_path text;
begin
  if length(coalesce(p_file_name, '')) not between 1 and 255 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the name of a file has 1 to 255 characters', null, 'file_name');
  end if;
  if coalesce(p_content_type, '') !~ '^[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}$' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'this is no content type', 'such as text/csv', 'content_type');
  end if;
  if p_bytes is null or p_bytes < 1 then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'the file must have a length of 1 byte or more', null, 'bytes');
  end if;
  -- random: whoever knows one path shall guess no other
  v_path := concat_ws('/', v_workspace, gen_random_uuid(), durabase_private.safe_file_name(p_file_name));
  perform durabase_private.audit(v_actor, v_workspace, 'upload.allowed', 'upload', v_path,
    jsonb_build_object('contentType', p_content_type, 'bytes', p_bytes));
  return v_path;
end $$;

-- A path in the bucket for uploads that belongs to this file alone. The API signs it: a path alone uploads nothing.
create function durabase.prepare_upload(file_name text, content_type text, bytes bigint, workspace uuid default null) returns text
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.prepare_upload(file_name, content_type, bytes, workspace);
end $$;

revoke execute on function durabase_private.safe_file_name(text), durabase_private.upload_workspace(uuid),
  durabase_private.prepare_upload(text, text, bigint, uuid), durabase.prepare_upload(text, text, bigint, uuid) from public;
grant execute on function durabase_private.upload_workspace(uuid),
  durabase_private.prepare_upload(text, text, bigint, uuid), durabase.prepare_upload(text, text, bigint, uuid) to authenticated, service_role;
