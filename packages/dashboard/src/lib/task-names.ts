import { useQuery } from '@tanstack/react-query';
import { useBackend } from './backend.ts';

/** A task as rows of runs name it. */
export interface TaskName {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly tags: readonly string[];
}

/** Names of tasks by id, for what only knows their id. */
export const useTaskNames = (workspace: string | undefined): ReadonlyMap<string, TaskName> => {
  const { calls } = useBackend();
  const { data } = useQuery({
    queryKey: ['task-names', workspace ?? 'all'],
    queryFn: async ({ signal }) => {
      const rows = await calls.read(
        'tasks',
        (all) => (workspace === undefined ? all : all.eq('workspace_id', workspace)).limit(1_000),
        signal,
      );
      return new Map((rows as readonly TaskName[]).map((task) => [task.id, task]));
    },
    staleTime: 15_000,
  });
  return data ?? NONE;
};

const NONE: ReadonlyMap<string, TaskName> = new Map();
