import { taskVersionParams, taskWithVersion, workspaceQuery } from '@durabase/contracts/api/task';
import { answerMade } from '../../answer-made.ts';
import { compileOrRefuse } from '../../compile-or-refuse.ts';
import { toTaskWithVersion } from '../../mappers/task-with-version.ts';
import { once } from '../../once.ts';
import { findVersion, recallSaved, restoreVersion, toSavedVersion } from '../../queries/task-versions.ts';
import { findTask, publishVersion } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const restoreVersionRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/:task/versions/:version/restore',
  access: 'caller',
  summary: 'Saves an older version anew, as the newest one. It is ready at once.',
  params: taskVersionParams,
  query: workspaceQuery,
  takesIdempotencyKey: true,
  answers: { 200: taskWithVersion, 201: taskWithVersion },
  handler: async ({ params: { task, version: number }, query, identity, idempotencyKey: key }, { runAsCaller, compile }) => {
    const { found, old } = await runAsCaller(identity, async (tx) => {
      const { task: row } = await findTask(tx, { task, ...query });
      return { found: row, old: await findVersion(tx, { taskId: row.id, slug: row.slug, number }) };
    });
    // What once compiled may not today: a secret is gone, say.
    const plan = await compileOrRefuse(compile, old.definition, found.workspace_id);
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'restoreVersion', key, asked: { task, number, query } },
        {
          make: async () => {
            const { versionId } = await restoreVersion(tx, { taskId: found.id, number, workspace: found.workspace_id });
            await tx.asSelf((self) => publishVersion(self, { versionId, plan }));
            return findTask(tx, { task: found.id });
          },
          remember: toSavedVersion,
          recall: (saved) => recallSaved(tx, saved),
        },
      ),
    );
    return answerMade(toTaskWithVersion(made), { isReplayed });
  },
});
