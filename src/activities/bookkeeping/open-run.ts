import { isPlatformError, type Plan, type PlanStep } from '@durabase/contracts';
import { v5 as uuidV5 } from 'uuid';
import { escapeUnstorable, unescapeUnstorable } from '../../domain/unstorable.ts';
import type { FirstStep, LoadedRun, MirrorPort } from '../../ports/mirror.ts';
import type { Bookkeeping, OpenedRun, RunRecord, RunTaskArgument, StepOutline } from '../../workflows/run-task.messages.ts';
import { undoIdOf } from '../find-step.ts';
import { freezeInput, isWanted } from '../resolve-input.ts';
import { isInline } from '../stored-value.ts';

/** Namespace of the ids of runs that were started in Temporal: they follow from their first execution. */
const ADOPTED_NAMESPACE = 'b7a2b3ba-6a26-4b5c-8a5f-8f9a1a4f3c52';

/** The run that an execution works for, as far as its ids say. */
export const runIdOf = (workflowId: string, firstRunId: string): string => {
  const own = /^run-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(workflowId)?.[1];
  return own ?? uuidV5(firstRunId, ADOPTED_NAMESPACE);
};

const unitOf = (step: Omit<PlanStep, 'needs'>, id: string) => ({
  id,
  name: step.name,
  action: step.action,
  kind: step.kind,
  startToCloseMs: step.timeouts.startToCloseMs,
  scheduleToCloseMs: step.timeouts.scheduleToCloseMs,
  heartbeatMs: step.timeouts.heartbeatMs,
});

const outlineOf = (step: PlanStep): StepOutline => ({
  ...unitOf(step, step.id),
  needs: step.needs,
  ...(step.forEach === undefined ? {} : { maxParallel: step.forEach.maxParallel }),
  ...(step.onFailure === undefined ? {} : { undo: unitOf(step.onFailure, undoIdOf(step.id)) }),
});

/** Steps that begin together with the run. One whose templates do not resolve is left to its own activity, which says so. */
function firstSteps(plan: Plan, run: LoadedRun): readonly FirstStep[] {
  return plan.steps
    .filter((step) => step.kind === 'activity' && step.needs.length === 0 && step.forEach === undefined)
    .flatMap((step): readonly FirstStep[] => {
      try {
        const facts = { ...run, outputs: {} };
        if (!isWanted(step, facts, 0)) return [];
        const input = freezeInput(step, facts, 0);
        return [{ stepId: step.id, name: step.name, action: step.action, state: 'running', input: escapeUnstorable(input) }];
      } catch (error) {
        if (isPlatformError(error)) return [];
        throw error;
      }
    });
}

const recordOf = (run: LoadedRun): RunRecord => ({
  workspaceId: run.workspaceId,
  taskSlug: run.taskSlug,
  versionId: run.versionId,
  createdAt: run.createdAt,
  actor: run.actor,
  ...(isInline(run.input) ? { input: run.input } : {}),
});

/** The run's id; what an operator started in Temporal is accepted first, like any other run. */
async function findRunId(
  argument: RunTaskArgument,
  ids: { readonly workflowId: string; readonly firstRunId: string },
  mirror: MirrorPort,
): Promise<string> {
  if ('runId' in argument) return argument.runId;
  const runId = runIdOf(ids.workflowId, ids.firstRunId);
  await mirror.adoptStart({ runId, workflowId: ids.workflowId, ...argument });
  return runId;
}

/** Claims the run for this execution in Temporal and says what to do, or refuses. */
export const createOpenRun =
  ({ mirror, onAdopted }: { readonly mirror: MirrorPort; readonly onAdopted: () => void }): Bookkeeping['openRun'] =>
  async ({ argument, workflowId, temporalRunId, firstRunId }): Promise<OpenedRun> => {
    const runId = await findRunId(argument, { workflowId, firstRunId }, mirror);
    const run = await mirror.loadRun(runId);
    if (run === undefined) return { verdict: 'refused', runId, reason: 'no such run' };
    const plan = await mirror.loadPlan(run.versionId);
    const loaded = { ...run, input: unescapeUnstorable(run.input) };
    const opening = await mirror.openRun({
      runId,
      temporalRunId,
      firstRunId,
      deadlineMs: plan.deadlineMs,
      steps: firstSteps(plan, loaded),
    });
    switch (opening.verdict) {
      case 'wait':
        onAdopted();
        return { verdict: 'wait', runId };
      case 'ended':
      case 'refused':
        return {
          verdict: opening.verdict,
          runId,
          reason: opening.reason ?? 'the run has already ended',
          ...(opening.state === undefined ? {} : { state: opening.state }),
        };
      case 'go':
      case 'cancel': {
        const deadline = opening.deadlineAt ? { deadlineMs: Math.max(0, Date.parse(opening.deadlineAt) - Date.now()) } : {};
        return {
          verdict: opening.verdict,
          runId,
          ...deadline,
          ...(plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }),
          ...(opening.done === undefined ? {} : { done: opening.done }),
          ...(opening.isPaused === undefined ? {} : { isPaused: opening.isPaused }),
          steps: plan.steps.map(outlineOf),
          record: recordOf(run),
        };
      }
    }
  };
