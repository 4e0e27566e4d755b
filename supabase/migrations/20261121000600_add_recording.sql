-- The three ways in which something that happened is written down: event of a run, change for the feeds, audit row.

-- One line of a run's feed and the change that its followers hear of. The caller has just raised event_seq and version in
-- the run's own row, which it therefore holds: numbers have no gap and no transaction waits for another run.
create function durabase_private.emit(
  p_run durabase.task_runs, p_seq bigint, p_kind text,
  p_step text default null, p_iteration int default null, p_attempt int default null, p_data jsonb default null
) returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase.run_events (run_id, seq, workspace_id, kind, state, step_id, iteration, attempt, data)
  values (p_run.id, p_seq, p_run.workspace_id, p_kind, p_run.state, p_step, p_iteration, p_attempt, p_data);
end $$;

-- Appended after the row's own update, so that the inbox has the order of the changes of one row.
create function durabase_private.tell_feeds(p_run durabase.task_runs) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase_private.feed_inbox (workspace_id, task_id, run_id, user_id, kind, entity_id, version, state)
  values (p_run.workspace_id, p_run.task_id, p_run.id, p_run.actor_user_id, 'run', p_run.id::text, p_run.version, p_run.state);
end $$;

create function durabase_private.audit(
  p_actor durabase_private.actor, p_workspace uuid, p_action text, p_entity text, p_entity_id text, p_details jsonb default '{}'
) returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into durabase.audit_log (workspace_id, actor_kind, actor_user_id, actor_name, action, entity, entity_id, details)
  values (p_workspace, p_actor.kind, p_actor.user_id, p_actor.name, p_action, p_entity, p_entity_id, coalesce(p_details, '{}'));
end $$;

-- Somebody who acted in Temporal itself, by its Web UI or CLI: Temporal does not tell us who.
create function durabase_private.operator_actor() returns durabase_private.actor
language sql immutable set search_path = '' as $$
  select ('operator', null, 'operator of Temporal', true)::durabase_private.actor
$$;

revoke execute on function
  durabase_private.emit(durabase.task_runs, bigint, text, text, int, int, jsonb),
  durabase_private.tell_feeds(durabase.task_runs),
  durabase_private.audit(durabase_private.actor, uuid, text, text, text, jsonb),
  durabase_private.operator_actor() from public;
