import { isDurabaseError } from '@durabase/client';
import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';
import { tasksKey } from './list-tasks.ts';

interface Save {
  readonly definition: unknown;
  readonly workspace: string | undefined;
  /** Id of the version that was changed; null: a task that there is not yet. */
  readonly basedOn: string | null;
}

/** Whether somebody else has saved in between. */
export const isOvertaken = (error: Error | null): boolean => isDurabaseError(error) && error.code === 'PRECONDITION_FAILED';

/** Saves a version, which is ready at once. */
export const useSaveTask = () => {
  const { api } = useBackend();
  const queries = useQueryClient();
  const readAgain = (): void => {
    for (const queryKey of [tasksKey, ['task'], ['versions'], ['task-names'], ['start-facts']]) {
      void queries.invalidateQueries({ queryKey });
    }
  };
  return useMutation({
    mutationFn: ({ definition, workspace, basedOn }: Save) =>
      api.post<TaskWithVersion>('/tasks', definition, { query: { workspace }, basedOn }),
    onSuccess: readAgain,
    onError: (error) => {
      if (isOvertaken(error)) readAgain(); // so that what the other one saved can be looked at
    },
  });
};
