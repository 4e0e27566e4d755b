import type { TaskSummary } from '@durabase/contracts/api/task';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { type Command, slugOf } from './command.ts';

export const deleteTask: Command = async ({ api, terminal, args, report }) => {
  const slug = slugOf(args);
  if (!args.isConfirmed) {
    if (!terminal.isInteractive) throw new CliError('nobody is there to confirm it', { hint: 'add --yes', exitCode: EXIT.usage });
    if (!(await terminal.confirm(`Delete ${slug}? Its runs go on, and it can be restored.`))) return EXIT.failed;
  }
  const task = await api.delete<TaskSummary>(`/tasks/${slug}`, { workspace: args.workspace });
  report({ task });
  if (!args.isJson) terminal.say(`${task.slug} is deleted; durabase tasks restore ${task.slug} brings it back`);
  return EXIT.fine;
};
