import { type Json, type JsonObject, type PlanStep, PlatformError } from '@durabase/contracts';
import type { FoundReference } from '../domain/template/collect-references.ts';
import { putInSecrets } from '../domain/template/put-in-secrets.ts';
import { readExpression } from '../domain/template/read-expression.ts';
import type { Scope } from '../domain/template/read-reference.ts';
import { resolveTemplates } from '../domain/template/resolve-template.ts';
import { type ScopeFacts, templateScope } from '../domain/template/template-scope.ts';
import { unescapeUnstorable } from '../domain/unstorable.ts';
import type { Secret, SecretsPort } from '../ports/secrets.ts';

/** The same over attempts, resets and worker deaths. */
export const stepKey = (runId: string, stepId: string, iteration: number): string => `${runId}/${stepId}/${iteration}`;

type StepFacts = Omit<ScopeFacts, 'step' | 'loop'> & { readonly item?: Json };

/** What the expressions and templates of a step can see. */
export function scopeOf(step: PlanStep, { item, ...facts }: StepFacts, iteration: number): Scope {
  return templateScope({
    ...facts,
    outputs: unescapeUnstorable(facts.outputs) as JsonObject,
    step: { id: step.id, key: stepKey(facts.runId, step.id, iteration) },
    ...(step.forEach === undefined || item === undefined ? {} : { loop: { item: unescapeUnstorable(item), index: iteration } }),
  });
}

/** The step's input with everything put in but its secrets: this is frozen at the first attempt. */
export const freezeInput = (step: PlanStep, facts: StepFacts, iteration: number): Json =>
  resolveTemplates(step.with, scopeOf(step, facts, iteration));

/** Whether the step is to be taken. Throws when its condition has no answer, or another one than true or false. */
export function isWanted(step: PlanStep, facts: StepFacts, iteration: number): boolean {
  if (step.when === undefined) return true;
  const answer = readExpression(step.when).evaluate(scopeOf(step, facts, iteration));
  if (typeof answer === 'boolean') return answer;
  throw new PlatformError('TEMPLATE_UNRESOLVED', {
    message: `when: "${step.when.slice(0, 200)}" gives ${JSON.stringify(answer).slice(0, 100)}, which is neither true nor false`,
    path: `steps.${step.id}.when`,
  });
}

/** The frozen input with its secrets, and which they are. */
export async function addSecrets(
  frozen: Json,
  {
    workspaceId,
    places,
    secrets,
  }: { readonly workspaceId: string; readonly places: readonly FoundReference[]; readonly secrets: SecretsPort },
): Promise<{ readonly input: Json; readonly used: readonly Secret[] }> {
  const used: Secret[] = [];
  for (const name of new Set(places.map(({ reference }) => String(reference.path[1])))) {
    const secret = await secrets.find({ workspaceId, name });
    if (secret === undefined)
      throw new PlatformError('SECRET_NOT_FOUND', {
        message: `there is no secret "${name}"`,
        hint: 'it was there when the task was saved; create it again',
      });
    used.push(secret);
  }
  return { input: putInSecrets(frozen, places, new Map(used.map(({ name, value }) => [name, value]))), used };
}
