import { answerMade } from './answer-made.ts';
import { toRun } from './mappers/run.ts';
import type { Answer } from './route.ts';
import type { Submitted } from './submit-runs.ts';

/** 201: the run was made by this call; 200: its idempotency key belongs to a run that was there already. */
export const answerMadeRun = ({ run, isReplayed }: Submitted): Answer =>
  answerMade(toRun(run), { isReplayed, location: `/api/v1/runs/${run.id}` });
