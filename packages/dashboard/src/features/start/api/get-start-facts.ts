import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';
import type { Schema } from '../read-field.ts';

/** What is needed to start a task. */
export interface StartFacts {
  readonly taskId: string;
  readonly name: string;
  readonly description: string | null;
  readonly workspaceId: string;
  /** undefined: nothing is ready to be started. */
  readonly versionNumber: number | undefined;
  /** undefined: any input fits. */
  readonly schema: Schema | undefined;
}

interface Answer {
  readonly task: {
    readonly id: string;
    readonly name: string;
    readonly description: string | null;
    readonly workspaceId: string;
    readonly readyVersion: { readonly id: string; readonly number: number } | null;
  };
}

interface Row {
  readonly definition: { readonly input?: Schema };
}

export const useStartFacts = (task: string) => {
  const { api, calls } = useBackend();
  return useQuery({
    queryKey: ['start-facts', task],
    queryFn: async ({ signal }): Promise<StartFacts> => {
      const { task: found } = await api.get<Answer>(`/tasks/${encodeURIComponent(task)}`, {}, signal);
      const { id, name, description, workspaceId, readyVersion } = found;
      const rows = readyVersion === null ? [] : await calls.read('task_versions', (all) => all.eq('id', readyVersion.id), signal);
      const schema = (rows as readonly Row[])[0]?.definition.input;
      return { taskId: id, name, description, workspaceId, versionNumber: readyVersion?.number, schema };
    },
  });
};
