import { type Json, type JsonObject, type Plan, PlatformError } from '@durabase/contracts';
import { resolveTemplates } from '../../domain/template/resolve-template.ts';
import { neededValues, templateScope } from '../../domain/template/template-scope.ts';
import { escapeUnstorable, unescapeUnstorable } from '../../domain/unstorable.ts';
import type { MirrorPort, RunEnd, Writer } from '../../ports/mirror.ts';
import type { Bookkeeping, RunOutcome, StoredError, StoredOutcome } from '../../workflows/run-task.messages.ts';
import { toStoredError } from '../failure.ts';
import { toStoredValue } from '../stored-value.ts';

/** Steps that no other step needs: without a template, their outputs are the output of the run. */
const lastSteps = (plan: Plan): readonly string[] => {
  const needed = new Set(plan.steps.flatMap((step) => step.needs));
  return plan.steps.map((step) => step.id).filter((id) => !needed.has(id));
};

async function buildOutput(plan: Plan, writer: Writer, mirror: MirrorPort): Promise<Json> {
  const last = lastSteps(plan);
  const needed = plan.output === undefined ? { steps: last, input: false } : neededValues(plan.output);
  const loaded = await mirror.loadStep({
    runId: writer.runId,
    stepId: '',
    iteration: 0,
    temporalRunId: writer.temporalRunId,
    references: needed.steps,
    withInput: needed.input,
  });
  if (loaded === undefined) throw new PlatformError('RUN_NOT_FOUND', { message: `run ${writer.runId} is gone` });
  const outputs = unescapeUnstorable(loaded.outputs) as JsonObject;
  if (plan.output === undefined) return last.length === 1 ? (outputs[last[0] ?? ''] ?? null) : outputs;
  return resolveTemplates(
    plan.output,
    templateScope({
      workspaceId: loaded.workspaceId,
      taskSlug: loaded.taskSlug,
      runId: writer.runId,
      input: unescapeUnstorable(loaded.input),
      outputs,
    }),
  );
}

/** The end as it is to be stored; an output that cannot be made or kept turns it into a failure. */
async function buildEnd(outcome: RunOutcome, plan: Plan, writer: Writer, mirror: MirrorPort): Promise<RunEnd> {
  if (outcome.state !== 'completed') {
    return {
      ...writer,
      state: outcome.state,
      error: escapeUnstorable((outcome.error ?? { code: 'WORKFLOW_FAILED', message: outcome.state }) as unknown as Json),
    };
  }
  try {
    return { ...writer, state: 'completed', ...toStoredValue(await buildOutput(plan, writer, mirror)) };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.retryable) throw error;
    return { ...writer, state: 'failed', error: toStoredError(error) as unknown as Json };
  }
}

/** Writes the end of a run and returns how it is stored. */
export const createFinishRun =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['finishRun'] =>
  async ({ runId, versionId, temporalRunId, firstRunId, outcome }): Promise<StoredOutcome> => {
    const writer = { runId, temporalRunId, firstRunId };
    const end =
      outcome.state === 'completed'
        ? await buildEnd(outcome, await mirror.loadPlan(versionId), writer, mirror)
        : await buildEnd(outcome, { format: 1, steps: [], mode: 'async', priority: 3 }, writer, mirror);
    const stored = await mirror.finishRun(end);
    return { ...stored, error: stored.error as StoredError | null };
  };
