import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';
import type { PlannedStep } from '../build-timeline.ts';

/** The version that a run executes. */
export interface RunVersion {
  readonly number: number;
  readonly steps: readonly PlannedStep[];
}

interface Row {
  readonly number: number;
  readonly definition: { readonly steps?: readonly PlannedStep[]; readonly action?: string };
}

const toVersion = ({ number, definition: { steps, action } }: Row): RunVersion => ({
  number,
  steps: steps ?? (action === undefined ? [] : [{ id: 'main', action }]),
});

export const useRunVersion = (versionId: string | undefined) => {
  const { calls } = useBackend();
  return useQuery({
    queryKey: ['run-version', versionId],
    enabled: versionId !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const rows = await calls.read('task_versions', (all) => all.eq('id', versionId ?? ''), signal);
      return (rows as readonly Row[]).map(toVersion)[0] ?? null;
    },
  });
};
