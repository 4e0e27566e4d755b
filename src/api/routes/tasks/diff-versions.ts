import { taskDiff, taskDiffQuery, taskParams } from '@durabase/contracts/api/task';
import { compareDefinitions } from '../../../domain/task/compare-definitions.ts';
import { findVersion } from '../../queries/task-versions.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const diffVersionsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks/:task/diff',
  access: 'caller',
  summary: 'In what two versions of a task differ, field by field.',
  params: taskParams,
  query: taskDiffQuery,
  answers: { 200: taskDiff },
  handler: async ({ params: { task }, query: { workspace, from, to }, identity }, { runAsCaller }) => {
    const body = await runAsCaller(identity, async (tx) => {
      const { task: found, latest } = await findTask(tx, { task, workspace });
      const definitionOf = async (number: number) =>
        (await findVersion(tx, { taskId: found.id, slug: found.slug, number })).definition;
      const newer = to ?? latest?.number ?? 0;
      const older = from ?? newer - 1;
      const before = older === 0 ? {} : await definitionOf(older);
      const changes = compareDefinitions(before, await definitionOf(newer));
      return { from: older === 0 ? null : older, to: newer, changes };
    });
    return { status: 200, body };
  },
});
