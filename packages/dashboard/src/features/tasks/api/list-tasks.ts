import type { TaskSummary } from '@durabase/contracts/api/task';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';

interface Page {
  readonly items: readonly TaskSummary[];
  readonly nextCursor: string | null;
}

/** Read at once, so that they are searched while one types. */
export const MAX_TASKS = 1_000;

/** Which tasks are read. */
interface WantedTasks {
  readonly workspace: string | undefined;
  /** Words; undefined: all of them. */
  readonly q?: string | undefined;
}

const fetchTasks = async (
  { api }: Backend,
  { workspace, q }: WantedTasks,
  signal: AbortSignal,
): Promise<readonly TaskSummary[]> => {
  const tasks: TaskSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get<Page>('/tasks', { workspace, q, cursor, limit: '200' }, signal);
    tasks.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && tasks.length < MAX_TASKS);
  return tasks;
};

export const tasksKey = ['tasks'] as const;

/** Tasks that are visible, newest first. */
export const useTasks = (workspace: string | undefined) => {
  const backend = useBackend();
  return useQuery({
    queryKey: [...tasksKey, workspace ?? 'all'],
    queryFn: ({ signal }) => fetchTasks(backend, { workspace }, signal),
  });
};

/** Tasks that say these words, where there are more than are read at once; undefined: there is nothing to ask for. */
export const useFoundTasks = (workspace: string | undefined, q: string | undefined) => {
  const backend = useBackend();
  return useQuery({
    queryKey: [...tasksKey, workspace ?? 'all', q ?? ''],
    queryFn: ({ signal }) => fetchTasks(backend, { workspace, q }, signal),
    enabled: q !== undefined,
    placeholderData: keepPreviousData,
  });
};
