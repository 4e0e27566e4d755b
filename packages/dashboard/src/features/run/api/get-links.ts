import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

/** From which run a run was made, and how. */
export interface RunLink {
  readonly run_id: string;
  readonly parent_run_id: string;
  readonly kind: 'child' | 'fork' | 'retry' | 'rerun';
  readonly step_id: string | null;
}

export const linksKey = (runId: string) => ['links', runId] as const;

/** What a run was made from, and what was made from it. */
export const useLinks = (runId: string) => {
  const { calls } = useBackend();
  return useQuery({
    queryKey: linksKey(runId),
    queryFn: async ({ signal }) => {
      const [own, made] = await Promise.all([
        calls.read('run_links', (rows) => rows.eq('run_id', runId), signal),
        calls.read('run_links', (rows) => rows.eq('parent_run_id', runId).limit(50), signal),
      ]);
      return { parent: (own as readonly RunLink[])[0], made: made as readonly RunLink[] };
    },
  });
};
