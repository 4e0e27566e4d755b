import { taskBody, taskWithVersion, workspaceQuery } from '@durabase/contracts/api/task';
import { compileOrRefuse } from '../../compile-or-refuse.ts';
import { checkConditions, tagOfTask } from '../../entity-tags.ts';
import { toTaskWithVersion } from '../../mappers/task-with-version.ts';
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
  answers: { 201: taskWithVersion },
  handler: async ({ query, body: definition, identity, conditions }, { runAsCaller, compile }) => {
    const workspace = await runAsCaller(identity, (tx) => findWorkspaceId(tx, query.workspace));
    const plan = await compileOrRefuse(compile, definition, workspace);
    const saved = await runAsCaller(identity, async (tx) => {
      const { versionId, taskId } = await saveTask(tx, { definition, workspace });
      checkConditions(conditions, await findVersionBefore(tx, versionId)); // the save holds the slug until it is committed
      await tx.asSelf((self) => publishVersion(self, { versionId, plan }));
      return findTask(tx, { task: taskId });
    });
    const body = toTaskWithVersion(saved);
    return { status: 201, headers: { Location: `/api/v1/tasks/${saved.task.id}`, ETag: tagOfTask(body) }, body };
  },
});
