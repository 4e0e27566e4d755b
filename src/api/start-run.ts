import { answerMadeRun } from './answer-made-run.ts';
import type { RoutePorts } from './create-route-ports.ts';
import type { Answer } from './route.ts';
import type { Submission } from './submit-runs.ts';

/** What both ways to start a run have in common. */
export async function startRun(submission: Submission, { checkInput, submitter }: RoutePorts): Promise<Answer> {
  await checkInput(submission);
  return answerMadeRun(await submitter.submit(submission));
}
