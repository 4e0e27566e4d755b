import { isDurabaseError } from '@durabase/client';
import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

/** One sentence of what happened. */
export interface StoryLine {
  readonly at: string;
  readonly text: string;
}

const toLine = (item: unknown): readonly StoryLine[] => {
  if (typeof item === 'string') return [{ at: '', text: item }];
  if (typeof item !== 'object' || item === null) return [];
  const { at, text } = item as { readonly at?: unknown; readonly text?: unknown };
  return typeof text === 'string' ? [{ at: typeof at === 'string' ? at : '', text }] : [];
};

/** Told by the API; null where it tells none. */
export const useStory = (runId: string, eventCount: number) => {
  const { api } = useBackend();
  return useQuery<readonly StoryLine[] | null>({
    queryKey: ['story', runId, eventCount],
    placeholderData: (before) => before,
    queryFn: async ({ signal }) => {
      try {
        const { items = [] } = await api.get<{ readonly items?: readonly unknown[] }>(`/runs/${runId}/story`, {}, signal);
        return items.flatMap(toLine);
      } catch (error) {
        if (isDurabaseError(error) && error.code === 'ROUTE_NOT_FOUND') return null; // this API tells no stories
        throw error;
      }
    },
  });
};
