import { type Json, isJsonObject, type Problem } from '@durabase/contracts';
import type { ActionCatalog } from './action-catalog.ts';
import { type Compiled, compileTask } from './compile-task.ts';
import type { JsonSchemaPort } from '../../ports/json-schema.ts';
import type { SecretsPort } from '../../ports/secrets.ts';

/** What compiling asks for. */
export interface CompilePorts {
  readonly actions: ActionCatalog;
  readonly secrets: SecretsPort;
  readonly schemas: JsonSchemaPort;
}

/** Compiles a definition with what the installation knows: actions, names of secrets, and a check of its input schema. */
export const createCompile =
  ({ actions, secrets, schemas }: CompilePorts) =>
  async (definition: unknown, { workspaceId }: { readonly workspaceId?: string }): Promise<Compiled> => {
    const compiled = compileTask(definition, { actions, secrets: await secrets.names({ workspaceId: workspaceId ?? '' }) });
    const schema: Json | undefined = isJsonObject(definition) ? definition['input'] : undefined;
    const found: readonly Problem[] = isJsonObject(schema) ? await schemas.checkSchema(schema) : [];
    if (found.length === 0) return compiled;
    return { ok: false, problems: [...(compiled.ok ? [] : compiled.problems), ...found] };
  };
