import type { TaskSummary } from '@durabase/contracts/api/task';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { agrees } from './agrees.ts';
import { type Command, slugOf } from './command.ts';

export const deleteTask: Command = async (context) => {
  const { api, terminal, args, report } = context;
  const slug = slugOf(args);
  if (!args.isConfirmed && !terminal.isInteractive)
    throw new CliError('nobody is there to confirm it', { hint: 'add --yes', exitCode: EXIT.usage });
  if (!(await agrees(`Delete ${slug}? Its runs go on, and it can be restored.`, context))) return EXIT.failed;
  const task = await api.delete<TaskSummary>(`/tasks/${slug}`, { workspace: args.workspace });
  report({ task });
  terminal.say(`${task.slug} is deleted; durabase tasks restore ${task.slug} brings it back`);
  return EXIT.fine;
};
