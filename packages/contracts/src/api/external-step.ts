import { z } from 'zod';
import { id, parsedJson } from './parts.ts';

const iteration = () => z.int().min(0).max(2_147_483_647).optional().describe('Of a step in a loop; default: 0.');
const output = () => parsedJson().optional().describe('What later steps read; default: null. At most 1 MiB.');
const message = () => z.string().min(1).max(2_000).describe('What went wrong, for people.');
const token = () => z.string().min(1).max(200);

/** Parameters of everything below `/runs/{run}/steps/{step}`. */
export const runStepParams = z.strictObject({ run: id(), step: z.string().min(1).max(100) });

/** Body of `POST /runs/{run}/steps/{step}/complete`. */
export const completeStepBody = z.strictObject({ output: output(), iteration: iteration() }).default({});
/** Body of `POST /runs/{run}/steps/{step}/fail`. */
export const failStepBody = z.strictObject({ message: message(), iteration: iteration() });
/** Body of `POST /runs/{run}/steps/{step}/token`. */
export const stepTokenBody = z.strictObject({ iteration: iteration() }).default({});

/** Body of `POST /step-tokens/complete`. */
export const completeByTokenBody = z.strictObject({ token: token(), output: output() });
/** Body of `POST /step-tokens/fail`. */
export const failByTokenBody = z.strictObject({ token: token(), message: message() });

/** An external step that has just been ended. */
export const endedStep = z.strictObject({
  runId: id(),
  stepId: z.string(),
  iteration: z.int(),
  state: z.enum(['completed', 'failed']),
});
/** An external step that has just been ended. */
export type EndedStep = z.infer<typeof endedStep>;

/** What ends one external step, once, whoever has it. Shown this once; only its hash is kept. */
export const stepToken = z.strictObject({ token: z.string() });
/** The same token, asked for again with the same idempotency key. */
export const repeatedStepToken = z.strictObject({
  token: z.null().describe('Told in the first answer only. If that was lost, ask with another key.'),
});
