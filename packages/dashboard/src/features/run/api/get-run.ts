import type { Run } from '@durabase/client';
import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

export const runKey = (runId: string) => ['run', runId] as const;

/** A run as it stands. What changes is heard of by `useLiveRun`. */
export const useRun = (runId: string) => {
  const { durabase } = useBackend();
  return useQuery<Run>({ queryKey: runKey(runId), queryFn: () => durabase.getRun(runId), staleTime: Number.POSITIVE_INFINITY });
};
