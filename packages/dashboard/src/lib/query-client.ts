import { isDurabaseError } from '@durabase/client';
import type { SupabaseClient } from '@supabase/supabase-js';
import { QueryCache, QueryClient } from '@tanstack/react-query';

const MAX_TRIES = 3;

const isIdentityLost = (error: unknown): boolean =>
  isDurabaseError(error) && (error.code === 'TOKEN_EXPIRED' || error.code === 'UNAUTHENTICATED');

/** Refusals are answers: only what can succeed later by itself is asked again. */
const isWorthRepeating = (failureCount: number, error: Error): boolean =>
  failureCount < MAX_TRIES && isDurabaseError(error) && error.retryable;

export const createQueryClient = (supabase: SupabaseClient): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session ends for good if it cannot be renewed; supabase-js then says SIGNED_OUT.
        if (isIdentityLost(error)) void supabase.auth.refreshSession();
      },
    }),
    defaultOptions: {
      queries: { retry: isWorthRepeating, staleTime: 10_000, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { networkMode: 'always' },
    },
  });
