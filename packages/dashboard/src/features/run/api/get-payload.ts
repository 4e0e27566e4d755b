import type { Json } from '@durabase/client';
import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';

/** A large value that stands elsewhere. */
export interface PayloadReference {
  readonly payload: string;
  readonly bytes: number;
}

export const readReference = (value: unknown): PayloadReference | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { payload, bytes } = value as { readonly payload?: unknown; readonly bytes?: unknown };
  return typeof payload === 'string' ? { payload, bytes: Number(bytes) } : undefined;
};

/** Fetched when somebody wants to see it. */
export const usePayload = (payloadId: string, isWanted: boolean) => {
  const { durabase } = useBackend();
  return useQuery<Json>({
    queryKey: ['payload', payloadId],
    queryFn: () => durabase.payload(payloadId),
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
};
