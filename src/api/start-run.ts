import type { RoutePorts } from './create-route-ports.ts';
import { toRun } from './mappers/run.ts';
import type { Answer } from './route.ts';
import type { Submission } from './submit-runs.ts';

/** What both ways to start a run have in common. 200: the idempotency key belongs to a run that was there already. */
export async function startRun(submission: Submission, { checkInput, submitter }: RoutePorts): Promise<Answer> {
  await checkInput(submission);
  const { run, isReplayed } = await submitter.submit(submission);
  const headers = { Location: `/api/v1/runs/${run.id}`, ...(isReplayed ? { 'Idempotency-Replayed': 'true' } : {}) };
  return { status: isReplayed ? 200 : 201, headers, body: toRun(run) };
}
