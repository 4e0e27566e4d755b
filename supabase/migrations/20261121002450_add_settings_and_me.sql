-- Settings of the instance, changed by its admins, and what somebody is told about himself.

create function durabase_private.read_limit(p_settings jsonb, p_name text, p_max int) returns int language plpgsql volatile set search_path = '' as $$
declare
  v_value jsonb := p_settings -> p_name;
begin
  if v_value is null then return null; end if;
  if jsonb_typeof(v_value) <> 'number' or v_value::numeric <> trunc(v_value::numeric) or v_value::numeric not between 0 and p_max then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('%s must be a whole number from 0 to %s', p_name, p_max), null, 'settings.' || p_name);
  end if;
  return v_value::int;
end $$;

create function durabase_private.update_instance_settings(p_settings jsonb) returns durabase.instance_settings
-- definer: callers have no write rights on tables; the checks stand here
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_old durabase.instance_settings;
  v_new durabase.instance_settings;
  v_unknown text;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  if not (v_actor.is_privileged or durabase_private.is_instance_admin()) then
    perform durabase_private.refuse(403, 'FORBIDDEN', 'only admins of the instance change its settings', 'ask whoever runs it');
  end if;
  if jsonb_typeof(p_settings) is distinct from 'object' then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'settings are a JSON object', null, 'settings');
  end if;
  select k into v_unknown from jsonb_object_keys(p_settings) k
    where k not in ('sign_up', 'end_user_max_open_runs', 'end_user_max_starts_per_minute', 'end_user_max_starts_per_day') limit 1;
  if v_unknown is not null then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', format('there is no setting %s', to_json(left(v_unknown, 100))), null, 'settings');
  end if;
  if p_settings ? 'sign_up' and coalesce(p_settings ->> 'sign_up', '') not in ('personal_workspace', 'run_only', 'nothing') then
    perform durabase_private.refuse(422, 'INVALID_REQUEST', 'sign_up is personal_workspace, run_only or nothing', null, 'settings.sign_up');
  end if;
  select * into v_old from durabase.instance_settings for update;
  update durabase.instance_settings s set
      sign_up = coalesce(p_settings ->> 'sign_up', s.sign_up),
      end_user_max_open_runs = coalesce(durabase_private.read_limit(p_settings, 'end_user_max_open_runs', 1000), s.end_user_max_open_runs),
      end_user_max_starts_per_minute =
        coalesce(durabase_private.read_limit(p_settings, 'end_user_max_starts_per_minute', 1000), s.end_user_max_starts_per_minute),
      end_user_max_starts_per_day =
        coalesce(durabase_private.read_limit(p_settings, 'end_user_max_starts_per_day', 100000), s.end_user_max_starts_per_day),
      updated_at = clock_timestamp()
    returning * into v_new;
  if v_new.sign_up = 'nothing' and v_old.sign_up <> 'nothing' then -- end users lose what they see
    insert into durabase_private.lost_rights (workspace_id) select distinct e.workspace_id from durabase_private.end_users e;
  end if;
  perform durabase_private.audit(v_actor, null, 'instance.settings-changed', 'instance', 'instance', p_settings);
  return v_new;
end $$;

-- Changes settings of the instance, those that are named: sign_up, end_user_max_open_runs, end_user_max_starts_per_minute,
-- end_user_max_starts_per_day. For its admins.
create function durabase.update_instance_settings(settings jsonb) returns durabase.instance_settings
language plpgsql volatile set search_path = '' as $$
begin
  return durabase_private.update_instance_settings(settings);
end $$;

create function durabase_private.me() returns jsonb
-- definer: settings and others' workspaces are not readable; of them this tells what concerns the caller
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
  v_settings durabase.instance_settings;
begin
  if v_actor.kind = 'anonymous' then
    perform durabase_private.refuse(401, 'UNAUTHENTICATED', 'nobody is signed in', 'sign in, or use a secret key');
  end if;
  select * into v_settings from durabase.instance_settings;
  return jsonb_build_object(
    'kind', v_actor.kind, 'userId', v_actor.user_id, 'name', v_actor.name,
    'isInstanceAdmin', v_actor.is_privileged or durabase_private.is_instance_admin(),
    'workspaces', coalesce((
      select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'role', m.role) order by w.name, w.id)
      from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id
      where m.user_id = v_actor.user_id and w.deleted_at is null), '[]'),
    'mayStartPublishedTasks', v_actor.is_privileged or v_settings.sign_up <> 'nothing',
    'limits', case when v_actor.kind = 'user' then jsonb_build_object(
      'maxOpenRuns', v_settings.end_user_max_open_runs, 'maxStartsPerMinute', v_settings.end_user_max_starts_per_minute,
      'maxStartsPerDay', v_settings.end_user_max_starts_per_day) end);
end $$;

-- Who the caller is: his workspaces with his roles, and what limits him when he starts published tasks.
create function durabase.me() returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return durabase_private.me();
end $$;

revoke execute on function durabase_private.read_limit(jsonb, text, int), durabase_private.update_instance_settings(jsonb),
  durabase.update_instance_settings(jsonb), durabase_private.me(), durabase.me() from public;
grant execute on function durabase_private.update_instance_settings(jsonb), durabase.update_instance_settings(jsonb),
  durabase_private.me(), durabase.me() to authenticated, service_role;
