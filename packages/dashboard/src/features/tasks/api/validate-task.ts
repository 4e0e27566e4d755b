import type { ProblemBody } from '@durabase/contracts/api/problem-body';
import { useQuery } from '@tanstack/react-query';
import { useBackend } from '../../../lib/backend.ts';
import { readDefinition } from '../read-definition.ts';

/** One problem of a definition, by the compiler. */
export type TaskProblem = NonNullable<ProblemBody['problems']>[number];

interface Verdict {
  readonly isValid: boolean;
  readonly problems: readonly TaskProblem[];
}

/** What the compiler says of a definition; asked again whenever the text changes. */
export const useVerdict = (text: string, workspace: string | undefined) => {
  const { api } = useBackend();
  const read = readDefinition(text);
  return useQuery({
    queryKey: ['verdict', workspace ?? 'own', text],
    queryFn: ({ signal }) => api.post<Verdict>('/tasks/validate', read.ok ? read.value : {}, { query: { workspace }, signal }),
    enabled: read.ok,
    staleTime: 30_000,
    gcTime: 60_000,
  });
};
