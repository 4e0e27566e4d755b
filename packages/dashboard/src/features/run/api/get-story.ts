import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

/** A run in plain sentences. */
export interface Story {
  readonly happened: readonly { readonly seq: number; readonly at: string; readonly text: string }[];
  /** false: there is more than is told. */
  readonly isWhole: boolean;
  readonly waitsFor: string | null;
  readonly next: string | null;
}

export const useStory = (runId: string, eventCount: number) => {
  const { api } = useBackend();
  return useQuery<Story>({
    queryKey: ['story', runId, eventCount],
    placeholderData: (before) => before,
    queryFn: ({ signal }) => api.get<Story>(`/runs/${runId}/story`, {}, signal),
  });
};
