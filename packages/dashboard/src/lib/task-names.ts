import { useQuery } from '@tanstack/react-query';
import { useBackend } from './backend.ts';

/** A task as rows of runs name it. */
export interface TaskName {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly tags: readonly string[];
}

type Published = Omit<TaskName, 'tags'>;

const MAX_PUBLISHED = 200;

/** Names of tasks by id, for what only knows their id. */
export const useTaskNames = (workspace: string | undefined): ReadonlyMap<string, TaskName> => {
  const { calls } = useBackend();
  const { data } = useQuery({
    queryKey: ['task-names', workspace ?? 'all'],
    queryFn: async ({ signal }) => {
      const [published, own] = await Promise.all([
        calls.call('published_tasks', { workspace, page_limit: MAX_PUBLISHED }, signal),
        calls.read('tasks', (all) => (workspace === undefined ? all : all.eq('workspace_id', workspace)).limit(1_000), signal),
      ]);
      // End users see no rows of tasks, only those that are published; of these, members see more.
      const rows = [
        ...(published as readonly Published[]).map((task) => ({ ...task, tags: [] })),
        ...(own as readonly TaskName[]),
      ];
      return new Map(rows.map((task) => [task.id, task]));
    },
    staleTime: 15_000,
  });
  return data ?? NONE;
};

const NONE: ReadonlyMap<string, TaskName> = new Map();
