import { createHash } from 'node:crypto';
import { isPlatformError, type Json, type JsonObject, type Plan } from '@durabase/contracts';
import { readExpression } from '../domain/template/read-expression.ts';
import { templateScope } from '../domain/template/template-scope.ts';
import { unescapeUnstorable } from '../domain/unstorable.ts';
import type { JsonSchemaPort } from '../ports/json-schema.ts';
import type { MirrorPort } from '../ports/mirror.ts';
import type { CheckedRun, UncheckedRun } from '../ports/queue.ts';

const MAX_LABEL = 120;

/** Keys count within their task, and so do not read its slug: the compiler refuses it. */
const NO_SLUG = '';

/** The permit that a run needs for its concurrency key: the key's value is hashed, because it is text of users. */
function limitOf(plan: Plan, run: UncheckedRun): Extract<CheckedRun, { limits: unknown }>['limits'] {
  if (plan.concurrency === undefined) return [];
  const scope = templateScope({
    runId: run.runId,
    workspaceId: run.workspaceId,
    taskSlug: NO_SLUG,
    input: run.input,
    outputs: {},
  });
  const value = JSON.stringify(readExpression(plan.concurrency.key).evaluate(scope));
  const hash = createHash('sha256').update(value).digest('hex');
  return [
    {
      key: `task:${run.taskId}:${hash}`,
      limit: plan.concurrency.limit,
      label: `${plan.concurrency.key} = ${value}`.slice(0, MAX_LABEL),
    },
  ];
}

async function checkRun(
  run: UncheckedRun,
  { mirror, schemas }: { readonly mirror: Pick<MirrorPort, 'loadPlan'>; readonly schemas: JsonSchemaPort },
): Promise<CheckedRun> {
  const plan = await mirror.loadPlan(run.versionId);
  const input = unescapeUnstorable(run.input);
  const problems = plan.inputSchema === undefined ? [] : await schemas.checkValue(plan.inputSchema, input);
  const [first] = problems;
  if (first !== undefined) {
    return {
      runId: run.runId,
      error: {
        code: 'INVALID_INPUT',
        message: `${first.path}: ${first.message}`,
        problems: problems as unknown as Json,
      } as JsonObject,
    };
  }
  try {
    return { runId: run.runId, limits: limitOf(plan, { ...run, input }) };
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    return { runId: run.runId, error: { code: error.code, message: `concurrency key: ${error.message}` } };
  }
}

/** Looks at the input schema and the key expression of each run, once. */
export const createRunCheck =
  (ports: { readonly mirror: Pick<MirrorPort, 'loadPlan'>; readonly schemas: JsonSchemaPort }) =>
  (runs: readonly UncheckedRun[]): Promise<readonly CheckedRun[]> =>
    Promise.all(runs.map((run) => checkRun(run, ports)));
