import { type Json, type JsonObject, type PlanStep, PlatformError } from '@durabase/contracts';
import type { FoundReference } from '../domain/template/collect-references.ts';
import { putInSecrets } from '../domain/template/put-in-secrets.ts';
import { resolveTemplates } from '../domain/template/resolve-template.ts';
import { type ScopeFacts, templateScope } from '../domain/template/template-scope.ts';
import { unescapeUnstorable } from '../domain/unstorable.ts';
import type { Secret, SecretsPort } from '../ports/secrets.ts';

/** The same over attempts, resets and worker deaths. */
export const stepKey = (runId: string, stepId: string, iteration: number): string => `${runId}/${stepId}/${iteration}`;

/** The step's input with everything put in but its secrets: this is frozen at the first attempt. */
export function freezeInput(step: PlanStep, facts: Omit<ScopeFacts, 'step'>, iteration: number): Json {
  const outputs = unescapeUnstorable(facts.outputs) as JsonObject;
  const scope = templateScope({ ...facts, outputs, step: { id: step.id, key: stepKey(facts.runId, step.id, iteration) } });
  return resolveTemplates(step.with, scope);
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
