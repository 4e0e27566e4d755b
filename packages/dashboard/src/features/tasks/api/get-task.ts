import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

export const taskKey = (task: string) => ['task', task] as const;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A task by its slug or id, with its newest version. An id needs no workspace. */
export const useTask = (task: string, workspace: string | undefined) => {
  const { api } = useBackend();
  return useQuery({
    queryKey: [...taskKey(task), workspace ?? 'all'],
    queryFn: ({ signal }) =>
      api.get<TaskWithVersion>(
        `/tasks/${encodeURIComponent(task)}`,
        { workspace: UUID.test(task) ? undefined : workspace },
        signal,
      ),
  });
};
