import type { Run } from '@durabase/client';
import { useMutation } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

interface Start {
  readonly input: unknown;
  /** Of one form with one input: sent again after an answer was lost, it is still one run. */
  readonly idempotencyKey: string;
}

/** Starts a run of a task. */
export const useStartRun = (taskId: string) => {
  const { api } = useBackend();
  return useMutation({
    mutationFn: ({ input, idempotencyKey }: Start) => api.post<Run>(`/tasks/${taskId}/runs`, { input }, { idempotencyKey }),
  });
};
