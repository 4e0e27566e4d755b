import { runIdOf } from '../activities/bookkeeping/open-run.ts';
import type { Log } from '../ports/log.ts';
import type { ReconcilingPort } from '../ports/reconciling.ts';
import type { SeenExecution, TemporalPort } from '../ports/temporal.ts';

/** What the reconciler asks for. */
export interface ReconcilerPorts {
  readonly mirror: ReconcilingPort;
  readonly log: Log;
}

/** Executions whose comparison came out the same, so that the overlap of two looks costs nothing. */
export interface SeenBefore {
  has(execution: SeenExecution): boolean;
  add(execution: SeenExecution): void;
}

/** The newest `size` executions by id and status. */
export function createSeenBefore(size = 20_000): SeenBefore {
  const seen = new Set<string>();
  const keyOf = (execution: SeenExecution): string => `${execution.temporalRunId} ${execution.status}`;
  return {
    has: (execution) => seen.has(keyOf(execution)),
    add: (execution) => {
      seen.add(keyOf(execution));
      const oldest = seen.values().next().value;
      if (seen.size > size && oldest !== undefined) seen.delete(oldest);
    },
  };
}

const PAGE = 200;

/** An execution without a row: rebuilt from its own history, then compared like the others. */
async function adopt(
  execution: SeenExecution & { readonly runId: string },
  temporal: TemporalPort,
  { mirror, log }: ReconcilerPorts,
): Promise<void> {
  const isClosed = execution.status !== 'RUNNING';
  const opening = await temporal.readOpening(execution.workflowId, execution.temporalRunId);
  if (opening === undefined && !isClosed) return; // it is about to open
  if (opening !== undefined && !('record' in opening)) return; // it was refused: there is no run of its own
  const runId = opening?.runId ?? execution.runId;
  const isAdopted = await mirror.adopt({ ...execution, runId, record: opening?.record ?? {} });
  log.warn('execution.without-row', { workflowId: execution.workflowId, isAdopted });
  if (isAdopted && isClosed) await mirror.reconcile([{ ...execution, runId }]);
}

/**
 * A reset terminates an execution and starts its successor in one transaction, but the visibility store may show the end
 * before the start. So whoever follows a terminated execution is looked up, and compared first.
 */
async function withSuccessors(executions: readonly SeenExecution[], temporal: TemporalPort): Promise<readonly SeenExecution[]> {
  const successors: SeenExecution[] = [];
  for (const { workflowId, temporalRunId, status } of executions) {
    if (status !== 'TERMINATED') continue;
    const newest = await temporal.describe(workflowId);
    if (newest !== undefined && newest.temporalRunId !== temporalRunId) successors.push(newest);
  }
  return [...successors, ...executions];
}

/** Compares executions with their rows and mends the rows. */
export async function compareExecutions(
  executions: readonly SeenExecution[],
  temporal: TemporalPort,
  seenBefore: SeenBefore,
  ports: ReconcilerPorts,
): Promise<void> {
  const unseen = executions.filter((execution) => !seenBefore.has(execution));
  const fresh = await withSuccessors(unseen, temporal);
  for (let at = 0; at < fresh.length; at += PAGE) {
    const page = fresh
      .slice(at, at + PAGE)
      .map((execution) => ({ ...execution, runId: runIdOf(execution.workflowId, execution.firstRunId) }));
    const answers = await ports.mirror.reconcile(page);
    for (const [index, execution] of page.entries()) {
      const answer = answers[index];
      if (answer === 'mended') ports.log.warn('run.mended', { runId: execution.runId, status: execution.status });
      if (answer === 'unknown') await adopt(execution, temporal, ports);
      seenBefore.add(execution);
    }
  }
}
