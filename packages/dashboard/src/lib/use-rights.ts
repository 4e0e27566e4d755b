import { useQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from './backend.ts';
import type { Rights } from './rights.ts';
import { useSession } from './session.tsx';

interface Row {
  readonly role?: string;
  readonly can_run?: boolean;
  readonly can_edit?: boolean;
}

interface Place {
  readonly workspaceId: string | undefined;
  readonly taskId?: string | undefined;
}

const fetchRights = async (
  { calls }: Backend,
  userId: string,
  { workspaceId, taskId }: Place,
  signal: AbortSignal,
): Promise<Rights> => {
  const [admins, memberships, shares] = await Promise.all([
    calls.read('instance_admins', (rows) => rows.eq('user_id', userId), signal),
    workspaceId === undefined
      ? calls.read('workspace_members', (rows) => rows.eq('user_id', userId), signal)
      : calls.read('workspace_members', (rows) => rows.eq('user_id', userId).eq('workspace_id', workspaceId), signal),
    taskId === undefined
      ? []
      : calls.read('task_permissions', (rows) => rows.eq('user_id', userId).eq('task_id', taskId), signal),
  ]);
  const roles = (memberships as readonly Row[]).map(({ role }) => role);
  const share = (shares as readonly Row[])[0];
  const isAdmin = admins.length > 0;
  const isOneOf = (...words: readonly string[]): boolean =>
    isAdmin || roles.some((role) => role !== undefined && words.includes(role));
  return {
    userId,
    mayRun: isOneOf('owner', 'admin', 'editor', 'runner') || share?.can_run === true,
    mayEdit: isOneOf('owner', 'admin', 'editor') || share?.can_edit === true,
    mayAdminister: isOneOf('owner', 'admin'),
    isEndUser: !isAdmin && roles.length === 0 && share === undefined,
  };
};

const NONE: Rights = { userId: '', mayRun: false, mayEdit: false, mayAdminister: false, isEndUser: false };

/** Rights in a workspace, or anywhere; with those that a single task gives. Nothing until they are known. */
export const useRights = (place: Place): Rights => {
  const backend = useBackend();
  const { session } = useSession();
  const userId = session.status === 'signed in' ? session.userId : '';
  const { data } = useQuery({
    queryKey: ['rights', userId, place.workspaceId ?? 'any', place.taskId ?? 'none'],
    queryFn: ({ signal }) => fetchRights(backend, userId, place, signal),
    enabled: userId !== '',
    staleTime: 60_000,
  });
  return data ?? NONE;
};
