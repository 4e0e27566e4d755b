import { PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';

const FIND_WORKSPACES: Statement = {
  name: 'api_find_workspaces',
  text: `select w.id, w.personal_user_id is not distinct from durabase_private.uid() and w.personal_user_id is not null as is_own
    from durabase.workspaces w
    where w.deleted_at is null
      and case when $1::uuid is not null then w.id = $1 else durabase_private.uid() is null or exists (
        select from durabase.workspace_members m where m.workspace_id = w.id and m.user_id = durabase_private.uid()) end
    order by is_own desc, w.id limit 2`,
};

/**
 * The workspace that a caller means, so that a task can be compiled with its secrets; undefined when that is not clear,
 * which `save_task` then refuses. Throws WORKSPACE_NOT_FOUND for a named one that the caller does not see.
 */
export async function findWorkspaceId(tx: Queryable, workspace: string | undefined): Promise<string | undefined> {
  const [first, second] = await tx.query<{ id: string; is_own: boolean }>(FIND_WORKSPACES, [workspace ?? null]);
  if (workspace !== undefined && first === undefined) {
    throw new PlatformError('WORKSPACE_NOT_FOUND', { message: 'no such workspace is visible to you', path: 'workspace' });
  }
  return second === undefined || first?.is_own === true ? first?.id : undefined;
}
