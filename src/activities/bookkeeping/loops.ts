import { type Json, PlatformError } from '@durabase/contracts';
import { readExpression } from '../../domain/template/read-expression.ts';
import { neededValues } from '../../domain/template/template-scope.ts';
import { escapeUnstorable, unescapeUnstorable } from '../../domain/unstorable.ts';
import type { MirrorPort } from '../../ports/mirror.ts';
import type { Bookkeeping, ExecutionIds, OpenedLoop, StepArgument } from '../../workflows/run-task.messages.ts';
import { staleFailure, toFailure, toStoredError } from '../failure.ts';
import { findStep } from '../find-step.ts';
import { scopeOf } from '../resolve-input.ts';
import { skipStep } from '../skip-step.ts';

/** Most iterations of one loop. */
export const MAX_ITERATIONS = 10_000;
const LOOP = -1;

type Request = ExecutionIds & StepArgument;

const describe = (value: Json): string =>
  Array.isArray(value)
    ? 'a list'
    : value === null
      ? 'null'
      : typeof value === 'object'
        ? 'an object'
        : `the ${typeof value} ${JSON.stringify(value).slice(0, 60)}`;

function toItems(value: Json, source: string): readonly Json[] {
  if (!Array.isArray(value)) {
    throw new PlatformError('STEP_INPUT_INVALID', {
      message: `forEach: "${source.slice(0, 200)}" gives ${describe(value)}, not a list`,
      hint: 'give an expression whose value is a list, such as steps.fetch.output.body.items',
    });
  }
  if (value.length > MAX_ITERATIONS) {
    throw new PlatformError('STEP_INPUT_INVALID', {
      message: `forEach: "${source.slice(0, 200)}" gives ${value.length} items, at most ${MAX_ITERATIONS} are taken`,
      hint: 'split the list, or start a run for each part with run-task',
    });
  }
  return value as readonly Json[];
}

async function findItems(request: Request, mirror: MirrorPort): Promise<readonly Json[]> {
  const { runId, stepId, temporalRunId } = request;
  const step = findStep(await mirror.loadPlan(request.versionId), stepId);
  const source = step.forEach?.items ?? '';
  const needed = neededValues(null, source);
  const loaded = await mirror.loadStep({
    runId,
    stepId,
    iteration: LOOP,
    temporalRunId,
    references: needed.steps,
    withInput: needed.input,
  });
  if (loaded === undefined) throw staleFailure('no such run');
  const { item: _, ...facts } = loaded;
  return toItems(
    readExpression(source).evaluate(scopeOf(step, { ...facts, runId, input: unescapeUnstorable(loaded.input) }, LOOP)),
    source,
  );
}

/** A loop that cannot begin fails its step: its own row says why. */
async function failLoop(error: PlatformError, request: Request, mirror: MirrorPort): Promise<never> {
  const { runId, temporalRunId, firstRunId, stepId } = request;
  const step = findStep(await mirror.loadPlan(request.versionId), stepId);
  const stored = toStoredError(error, stepId);
  await mirror.openLoop({ runId, temporalRunId, firstRunId, stepId, name: step.name, action: step.action, items: [] });
  await mirror.closeLoop({
    runId,
    temporalRunId,
    firstRunId,
    stepId,
    state: 'failed',
    error: escapeUnstorable(stored as unknown as Json),
  });
  throw toFailure(stored, { isFinal: true });
}

/** Finds the items of a loop, writes them down, and says which iterations are to be taken. */
export const createOpenLoop =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['openLoop'] =>
  async (request): Promise<OpenedLoop> => {
    const { runId, temporalRunId, firstRunId, stepId } = request;
    const writer = { runId, temporalRunId, firstRunId };
    const step = findStep(await mirror.loadPlan(request.versionId), stepId);
    if (request.isSkipped === true) {
      const reason = 'everything that it needs was skipped';
      return { isDone: true, state: await skipStep({ ...writer, step, iteration: LOOP, reason }, mirror) };
    }
    try {
      const items = (await findItems(request, mirror)).map(escapeUnstorable);
      const answer = await mirror.openLoop({ ...writer, stepId, name: step.name, action: step.action, items });
      if (answer.verdict === 'stale') throw staleFailure(answer.reason);
      if (answer.verdict === 'go') return { isDone: false, count: answer.count, next: answer.next, missing: answer.missing };
      return { isDone: true, state: answer.state === 'skipped' ? 'skipped' : 'completed' };
    } catch (error) {
      if (error instanceof PlatformError && !error.retryable) return await failLoop(error, request, mirror);
      throw error;
    }
  };

/** Gathers the outputs of a loop, or writes down why it failed. */
export const createCloseLoop =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['closeLoop'] =>
  async ({ runId, temporalRunId, firstRunId, stepId, error }) => {
    const answer = await mirror.closeLoop({
      runId,
      temporalRunId,
      firstRunId,
      stepId,
      ...(error === undefined ? { state: 'completed' } : { state: 'failed', error: escapeUnstorable(error as unknown as Json) }),
    });
    if (answer.verdict === 'stale') throw staleFailure(answer.reason);
    if (answer.state === 'failed' && error === undefined)
      throw toFailure(
        (answer.error ?? { code: 'OUTPUT_TOO_LARGE', message: stepId }) as unknown as Parameters<typeof toFailure>[0],
        {
          isFinal: true,
        },
      );
    return { state: 'completed' };
  };
