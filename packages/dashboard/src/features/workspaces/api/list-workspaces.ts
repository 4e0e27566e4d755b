import { queryOptions, useQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';
import { useSession } from '../../../lib/session.tsx';

/** What somebody is in a workspace. */
export type Role = 'owner' | 'admin' | 'editor' | 'runner' | 'viewer';

export interface Workspace {
  readonly id: string;
  readonly name: string;
  /** undefined: no member, but an admin of the instance, who sees all of them. */
  readonly role: Role | undefined;
}

interface Row {
  readonly id?: string;
  readonly name?: string;
  readonly deleted_at?: string | null;
  readonly workspace_id?: string;
  readonly role?: Role;
}

const fetchWorkspaces = async ({ calls }: Backend, userId: string, signal: AbortSignal): Promise<readonly Workspace[]> => {
  const [workspaces, memberships] = await Promise.all([
    calls.read('workspaces', (rows) => rows.limit(500), signal),
    calls.read('workspace_members', (rows) => rows.eq('user_id', userId), signal),
  ]);
  const roles = new Map((memberships as readonly Row[]).map((row) => [row.workspace_id, row.role]));
  return (workspaces as readonly Row[])
    .filter((row) => row.deleted_at === null)
    .map(({ id = '', name = '' }) => ({ id, name, role: roles.get(id) }))
    .sort((left, right) => left.name.localeCompare(right.name));
};

export const workspacesQuery = (backend: Backend, userId: string) =>
  queryOptions({
    queryKey: ['workspaces', userId],
    queryFn: ({ signal }) => fetchWorkspaces(backend, userId, signal),
    staleTime: 60_000,
  });

/** Workspaces that whoever is signed in sees, with his role in each. */
export const useWorkspaces = () => {
  const { session } = useSession();
  const userId = session.status === 'signed in' ? session.userId : '';
  return useQuery({ ...workspacesQuery(useBackend(), userId), enabled: userId !== '' });
};
