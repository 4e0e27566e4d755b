import { taskBody, taskVerdict, workspaceQuery } from '@durabase/contracts/api/task';
import { findWorkspaceId } from '../../queries/workspaces.ts';
import { defineRoute } from '../../route.ts';

export const validateTaskRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/validate',
  access: 'caller',
  summary: 'Compiles a task without saving it.',
  query: workspaceQuery,
  body: taskBody,
  answers: { 200: taskVerdict },
  handler: async ({ query, body, identity }, { runAsCaller, compile }) => {
    const workspaceId = await runAsCaller(identity, (tx) => findWorkspaceId(tx, query.workspace));
    const compiled = await compile(body, workspaceId === undefined ? {} : { workspaceId });
    return { status: 200, body: { isValid: compiled.ok, problems: compiled.ok ? [] : compiled.problems } };
  },
});
