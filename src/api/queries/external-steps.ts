import type { Json } from '@durabase/contracts';
import type { EndedStep } from '@durabase/contracts/api/external-step';
import type { Queryable, SqlValue, Statement } from '../../ports/db.ts';
import { callOne } from './call-one.ts';

const COMPLETE_STEP: Statement = {
  name: 'api_complete_step',
  text: 'select durabase.complete_step($1, $2, $3::jsonb, $4) as value',
};
const FAIL_STEP: Statement = { name: 'api_fail_step', text: 'select durabase.fail_step($1, $2, $3, $4) as value' };
const STEP_TOKEN: Statement = { name: 'api_step_token', text: 'select durabase.step_token($1, $2, $3) as value' };
const END_BY_TOKEN: Statement = {
  name: 'api_end_step_by_token',
  text: 'select durabase.end_step_by_token($1, $2::jsonb, $3) as value',
};

const callValue = async <Value>(tx: Queryable, statement: Statement, values: readonly SqlValue[]): Promise<Value> =>
  (await callOne<{ value: Value }>(tx, statement, values)).value;

const asJson = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

/** Which external step. */
export interface StepReference {
  readonly runId: string;
  readonly stepId: string;
  readonly iteration: number | undefined;
}

/** Throws RUN_NOT_FOUND, STEP_NOT_FOUND, STEP_FINISHED, FORBIDDEN, BODY_TOO_LARGE. */
export const completeStep = (
  tx: Queryable,
  { runId, stepId, iteration, output }: StepReference & { readonly output: Json | undefined },
): Promise<EndedStep> => callValue(tx, COMPLETE_STEP, [runId, stepId, asJson(output), iteration ?? 0]);

/** Throws RUN_NOT_FOUND, STEP_NOT_FOUND, STEP_FINISHED, FORBIDDEN. */
export const failStep = (
  tx: Queryable,
  { runId, stepId, iteration, message }: StepReference & { readonly message: string },
): Promise<EndedStep> => callValue(tx, FAIL_STEP, [runId, stepId, message, iteration ?? 0]);

/** Throws RUN_NOT_FOUND, STEP_NOT_FOUND, FORBIDDEN. */
export const giveStepToken = (tx: Queryable, { runId, stepId, iteration }: StepReference): Promise<string> =>
  callValue(tx, STEP_TOKEN, [runId, stepId, iteration ?? 0]);

/** How a bearer of a token ends a step: well with an output, badly with a message. */
export interface EndByToken {
  readonly token: string;
  readonly output?: Json | undefined;
  readonly message?: string;
}

/** Throws STEP_NOT_FOUND, whatever is wrong with the token. */
export const endStepByToken = (tx: Queryable, { token, output, message }: EndByToken): Promise<EndedStep> =>
  callValue(tx, END_BY_TOKEN, [token, asJson(output), message ?? null]);
