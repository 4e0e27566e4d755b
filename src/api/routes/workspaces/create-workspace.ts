import { createWorkspaceBody, workspace } from '@durabase/contracts/api/people';
import { answerMade } from '../../answer-made.ts';
import { toWorkspace } from '../../mappers/people.ts';
import { once } from '../../once.ts';
import { createWorkspace, findWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const createWorkspaceRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces',
  access: 'caller',
  summary: 'Makes a workspace, with the caller as its owner.',
  body: createWorkspaceBody,
  takesIdempotencyKey: true,
  answers: { 200: workspace, 201: workspace },
  refuses: ['WORKSPACE_NOT_FOUND'],
  handler: async ({ body, identity, idempotencyKey: key }, { runAsCaller }) => {
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'createWorkspace', key, asked: body },
        {
          make: () => createWorkspace(tx, body),
          remember: ({ id }) => id,
          recall: (id) => findWorkspace(tx, id),
        },
      ),
    );
    return answerMade(toWorkspace(made), { isReplayed, location: `/api/v1/workspaces/${made.id}` });
  },
});
