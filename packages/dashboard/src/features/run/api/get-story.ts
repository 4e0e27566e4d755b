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

export const storyKey = (runId: string) => ['story', runId] as const;

/** Read once, which tells whether there is one, and then only as long as somebody reads it. */
export const useStory = (runId: string, isShown: boolean) => {
  const { api } = useBackend();
  return useQuery<Story>({
    queryKey: storyKey(runId),
    queryFn: ({ signal }) => api.get<Story>(`/runs/${runId}/story`, {}, signal),
    enabled: ({ state }) => isShown || (state.data === undefined && state.error === null),
  });
};
