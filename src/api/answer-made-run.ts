import { toRun } from './mappers/run.ts';
import type { Answer } from './route.ts';
import type { Submitted } from './submit-runs.ts';

/** 201: the run was made by this call; 200: its idempotency key belongs to a run that was there already. */
export function answerMadeRun({ run, isReplayed }: Submitted): Answer {
  const headers = { Location: `/api/v1/runs/${run.id}`, ...(isReplayed ? { 'Idempotency-Replayed': 'true' } : {}) };
  return { status: isReplayed ? 200 : 201, headers, body: toRun(run) };
}
