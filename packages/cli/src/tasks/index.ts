import type { CommandName } from '../read-arguments.ts';
import { applyTasks } from './apply-tasks.ts';
import type { Command } from './command.ts';
import { deleteTask } from './delete-task.ts';
import { diffTasks } from './diff-tasks.ts';
import { listTasks } from './list-tasks.ts';
import { listVersions } from './list-versions.ts';
import { restoreTask } from './restore-task.ts';
import { rollBack } from './roll-back.ts';
import { showTask } from './show-task.ts';

/** Every command for tasks. */
export const taskCommands: Readonly<Record<CommandName, Command>> = {
  list: listTasks,
  show: showTask,
  versions: listVersions,
  diff: diffTasks,
  apply: applyTasks,
  rollback: rollBack,
  delete: deleteTask,
  restore: restoreTask,
};
