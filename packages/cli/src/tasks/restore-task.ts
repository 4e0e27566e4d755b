import type { TaskSummary } from '@durabase/contracts/api/task';
import { EXIT } from '../exit-codes.ts';
import { type Command, slugOf } from './command.ts';

export const restoreTask: Command = async ({ api, terminal, args, report }) => {
  const task = await api.post<TaskSummary>(`/tasks/${slugOf(args)}/restore`, { workspace: args.workspace });
  report({ task });
  terminal.say(`${task.slug} is there, as version ${task.readyVersion?.number ?? 'none: no version is ready'}`);
  return EXIT.fine;
};
