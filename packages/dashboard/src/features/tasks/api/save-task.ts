import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';
import { taskKey } from './get-task.ts';
import { tasksKey } from './list-tasks.ts';

interface Save {
  readonly definition: unknown;
  readonly workspace: string | undefined;
}

/** Saves a version, which is ready at once. */
export const useSaveTask = () => {
  const { api } = useBackend();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ definition, workspace }: Save) => api.post<TaskWithVersion>('/tasks', definition, { query: { workspace } }),
    onSuccess: async ({ task }) => {
      await Promise.all(
        [tasksKey, taskKey(task.id), taskKey(task.slug), ['versions', task.id], ['task-names']].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      );
    },
  });
};
