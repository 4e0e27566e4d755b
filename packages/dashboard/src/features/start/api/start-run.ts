import type { Run } from '@durabase/client';
import { useMutation } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

/** Starts a run of a task. The key of a form that was sent twice makes one run of both. */
export const useStartRun = (taskId: string) => {
  const { api } = useBackend();
  return useMutation({
    mutationFn: (input: unknown) => api.post<Run>(`/tasks/${taskId}/runs`, { input }),
  });
};
