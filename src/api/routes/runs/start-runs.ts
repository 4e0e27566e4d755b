import { createHash } from 'node:crypto';
import { isPlatformError } from '@durabase/contracts';
import { type BatchItem, batchResult, startRunsBody } from '@durabase/contracts/api/run';
import type { RoutePorts } from '../../create-route-ports.ts';
import { toRun } from '../../mappers/run.ts';
import { defineRoute } from '../../route.ts';
import type { Submission } from '../../submit-runs.ts';

export const startRunsRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/batch',
  access: 'caller',
  summary: 'Starts up to 1,000 runs, each by itself: what is refused says why, and all others are started.',
  body: startRunsBody,
  takesIdempotencyKey: true,
  answers: { 200: batchResult },
  handler: async ({ body, identity, idempotencyKey: ofBatch }, ports) => {
    const items = await Promise.all(
      body.runs.map(({ idempotencyKey, ...start }, place) =>
        startOne({ ...start, identity, idempotencyKey: idempotencyKey ?? keyOfItem(ofBatch, place) }, ports),
      ),
    );
    return { status: 200, body: { items, ...countItems(items) } };
  },
});

async function startOne(submission: Submission, { checkInput, submitter }: RoutePorts): Promise<BatchItem> {
  try {
    await checkInput(submission);
    const { run, isReplayed } = await submitter.submit(submission);
    return { run: toRun(run), isReplayed };
  } catch (error) {
    // What is no refusal of this one run concerns the call as a whole: nobody knows what was started, and the keys help to find out.
    if (!isPlatformError(error) || error.retryable) throw error;
    const { path = '', hint } = error.details;
    return { error: { code: error.code, path, message: error.message, ...(hint === undefined ? {} : { hint }) } };
  }
}

/** The key of a batch stands for one key of each of its runs. */
const keyOfItem = (ofBatch: string | undefined, place: number): string | undefined =>
  ofBatch === undefined ? undefined : `batch:${createHash('sha256').update(ofBatch).digest('hex')}:${place}`;

function countItems(items: readonly BatchItem[]): Readonly<Record<'startedCount' | 'replayedCount' | 'refusedCount', number>> {
  const replayedCount = items.filter((item) => 'run' in item && item.isReplayed).length;
  const refusedCount = items.filter((item) => 'error' in item).length;
  return { startedCount: items.length - replayedCount - refusedCount, replayedCount, refusedCount };
}
