import { type Plan, PlatformError } from '@durabase/contracts';
import type { CompilePort } from './ports.ts';

/** The plan of a definition. Throws INVALID_TASK with everything that is wrong with it. */
export async function compileOrRefuse(compile: CompilePort, definition: unknown, workspaceId: string | undefined): Promise<Plan> {
  const compiled = await compile(definition, workspaceId === undefined ? {} : { workspaceId });
  if (compiled.ok) return compiled.plan;
  const { problems } = compiled;
  throw new PlatformError('INVALID_TASK', {
    message: `the task has ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
    problems,
  });
}
