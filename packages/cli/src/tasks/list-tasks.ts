import type { TaskSummary } from '@durabase/contracts/api/task';
import { readAll } from '../api-client.ts';
import { EXIT } from '../exit-codes.ts';
import { showTable } from '../show/show-table.ts';
import type { Command } from './command.ts';

const describeVersions = ({ latestVersion, readyVersion }: TaskSummary): readonly [string, string] => [
  readyVersion === null ? '–' : String(readyVersion.number),
  latestVersion === null ? '–' : `${latestVersion.number} ${latestVersion.state}`,
];

export const listTasks: Command = async ({ api, terminal, args, report }) => {
  const tasks = await readAll<TaskSummary>(api, '/tasks', { workspace: args.workspace, deleted: args.isOfDeleted });
  report({ tasks });
  if (tasks.length === 0)
    terminal.note(args.isOfDeleted ? 'no task is deleted' : 'there are no tasks yet: durabase tasks apply <file>');
  else
    showTable(
      [
        ['SLUG', 'NAME', 'READY', 'NEWEST', 'UPDATED'],
        ...tasks.map((task) => [task.slug, task.name, ...describeVersions(task), task.updatedAt]),
      ],
      terminal,
    );
  return EXIT.fine;
};
