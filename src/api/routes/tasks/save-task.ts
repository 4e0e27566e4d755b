import { taskBody, taskWithVersion, workspaceQuery } from '@durabase/contracts/api/task';
import { answerMade } from '../../answer-made.ts';
import { compileOrRefuse } from '../../compile-or-refuse.ts';
import { checkConditions, tagOfTask } from '../../entity-tags.ts';
import { toTaskWithVersion } from '../../mappers/task-with-version.ts';
import { once } from '../../once.ts';
import { recallSaved, toSavedVersion } from '../../queries/task-versions.ts';
import { findTask, findVersionBefore, publishVersion, saveTask } from '../../queries/tasks.ts';
import { findWorkspaceId } from '../../queries/workspaces.ts';
import { defineRoute } from '../../route.ts';

export const saveTaskRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks',
  access: 'caller',
  summary: 'Saves a version of a task, and the task when its slug is new. The version is ready at once.',
  query: workspaceQuery,
  body: taskBody,
  tag: 'write',
  refuses: ['PRECONDITION_FAILED'],
  takesIdempotencyKey: true,
  answers: { 200: taskWithVersion, 201: taskWithVersion },
  handler: async ({ query, body: definition, identity, conditions, idempotencyKey: key }, { runAsCaller, compile }) => {
    const workspace = await runAsCaller(identity, (tx) => findWorkspaceId(tx, query.workspace));
    const plan = await compileOrRefuse(compile, definition, workspace);
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'saveTask', key, asked: { query, definition } },
        {
          make: async () => {
            const { versionId, taskId } = await saveTask(tx, { definition, workspace });
            checkConditions(conditions, await findVersionBefore(tx, versionId)); // the save holds the slug until it is committed
            await tx.asSelf((self) => publishVersion(self, { versionId, plan }));
            return findTask(tx, { task: taskId });
          },
          remember: toSavedVersion,
          recall: (saved) => recallSaved(tx, saved),
        },
      ),
    );
    const body = toTaskWithVersion(made);
    return answerMade(body, { isReplayed, location: `/api/v1/tasks/${made.task.id}`, headers: { ETag: tagOfTask(body) } });
  },
});
