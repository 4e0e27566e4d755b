import type { TaskVersion } from '@durabase/contracts/api/task';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

interface Page {
  readonly items: readonly TaskVersion[];
  readonly nextCursor: string | null;
}

/** Versions of a task, newest first. */
export const useVersions = (taskId: string) => {
  const { api } = useBackend();
  return useInfiniteQuery({
    queryKey: ['versions', taskId],
    queryFn: ({ pageParam, signal }) => api.get<Page>(`/tasks/${taskId}/versions`, { cursor: pageParam, limit: '50' }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
};
