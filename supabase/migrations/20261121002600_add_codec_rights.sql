-- Of whom a caller may read payloads through the codec of the API.

-- A payload tells its workspace and not its run, so only those read it who see every run of the workspace; what belongs to no
-- workspace is read by services and admins of the instance.
create function durabase_private.codec_rights(p_workspaces uuid[], out sees_instance boolean, out workspace_ids uuid[])
-- definer: the check of rights is granted to nobody
language plpgsql stable security definer set search_path = '' as $$
declare
  v_actor durabase_private.actor := durabase_private.current_actor();
begin
  sees_instance := v_actor.is_privileged or durabase_private.is_instance_admin();
  workspace_ids := array(select w from unnest(p_workspaces) w where sees_instance or durabase_private.sees_all_runs(v_actor, w, null));
end $$;
revoke execute on function durabase_private.codec_rights(uuid[]) from public;
grant execute on function durabase_private.codec_rights(uuid[]) to authenticated, service_role;
