import type { RunStep } from '@durabase/contracts/api/run';
import { useQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';

interface Page {
  readonly items: readonly RunStep[];
  readonly nextCursor: string | null;
}

/** More than anybody reads; a loop may have ten thousand iterations. */
const MAX_STEPS = 2_000;

const fetchSteps = async ({ api }: Backend, runId: string, signal: AbortSignal): Promise<readonly RunStep[]> => {
  const steps: RunStep[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get<Page>(`/runs/${runId}/steps`, { cursor, limit: '1000' }, signal);
    steps.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && steps.length < MAX_STEPS);
  return steps;
};

export const stepsKey = (runId: string) => ['steps', runId] as const;

/** Steps of a run, in the order in which they started. */
export const useSteps = (runId: string) => {
  const backend = useBackend();
  return useQuery({
    queryKey: stepsKey(runId),
    queryFn: ({ signal }) => fetchSteps(backend, runId, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
};
