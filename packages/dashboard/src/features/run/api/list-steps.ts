import type { RunStep } from '@durabase/contracts/api/run';
import { useQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';

interface Page {
  readonly items: readonly RunStep[];
  readonly nextCursor: string | null;
}

/** More than anybody reads; a loop may have ten thousand iterations. */
export const MAX_STEPS = 2_000;

/** A step as far as this person may see it. */
export interface ShownStep extends RunStep {
  /** How far it is, and neither what it was given nor what it made: for end users. */
  readonly isBrief?: boolean;
}

interface Progress {
  readonly step_id: string;
  readonly iteration: number;
  readonly name: string;
  readonly state: RunStep['state'];
  readonly attempt: number;
  readonly started_at: string;
  readonly finished_at: string | null;
}

const toBrief = (runId: string, row: Progress): ShownStep => ({
  ...NOTHING,
  runId,
  stepId: row.step_id,
  iteration: row.iteration,
  name: row.name,
  state: row.state,
  attempt: row.attempt,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  updatedAt: row.finished_at ?? row.started_at,
});

const NOTHING = {
  isBrief: true,
  action: '',
  epoch: 1,
  failureCount: 0,
  input: null,
  output: null,
  outputRef: null,
  error: null,
  nextAttemptAt: null,
  wakesAt: null,
  skipReason: null,
  progress: null,
  version: 1,
};

/** End users see no rows of steps. Nor does anybody before the first one has begun. */
const fetchVisible = async (backend: Backend, runId: string, signal: AbortSignal): Promise<readonly ShownStep[]> => {
  const steps = await fetchSteps(backend, runId, signal);
  if (steps.length > 0) return steps;
  const rows = await backend.calls.call('run_progress', { run: runId }, signal);
  return (rows as readonly Progress[]).map((row) => toBrief(runId, row));
};

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
    queryFn: ({ signal }) => fetchVisible(backend, runId, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
};
