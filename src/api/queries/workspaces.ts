import { PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';

/** Seen by itself, or by a task in it that is shared with the caller. */
const SEES_WORKSPACE: Statement = {
  name: 'api_sees_workspace',
  text: `select where exists (select from durabase.workspaces w where w.id = $1 and w.deleted_at is null)
    or exists (select from durabase.tasks t where t.workspace_id = $1 and t.deleted_at is null)`,
};
const FIND_OWN_WORKSPACES: Statement = {
  name: 'api_find_own_workspaces',
  text: `select w.id, coalesce(w.personal_user_id = durabase_private.uid(), false) as is_personal from durabase.workspaces w
    where w.deleted_at is null and (durabase_private.uid() is null or exists (
      select from durabase.workspace_members m where m.workspace_id = w.id and m.user_id = durabase_private.uid()))
    order by is_personal desc, w.id limit 2`,
};

/**
 * The workspace that a caller means, so that a task can be compiled with its secrets; undefined when that is not clear,
 * which `save_task` then refuses. Throws WORKSPACE_NOT_FOUND for a named one that the caller does not see.
 */
export async function findWorkspaceId(tx: Queryable, named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) {
    if ((await tx.query(SEES_WORKSPACE, [named])).length > 0) return named;
    throw new PlatformError('WORKSPACE_NOT_FOUND', { message: 'no such workspace is visible to you', path: 'workspace' });
  }
  const [first, second] = await tx.query<{ id: string; is_personal: boolean }>(FIND_OWN_WORKSPACES, []);
  return second === undefined || first?.is_personal === true ? first?.id : undefined;
}
