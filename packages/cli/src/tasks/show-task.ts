import type { Problem } from '@durabase/contracts/errors';
import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { EXIT } from '../exit-codes.ts';
import { showProblems } from '../show/show-problems.ts';
import { type Command, slugOf } from './command.ts';

export const showTask: Command = async ({ api, terminal, args, report }) => {
  const found = await api.get<TaskWithVersion>(`/tasks/${slugOf(args)}`, { workspace: args.workspace });
  report(found);
  const { task, version } = found;
  for (const [title, value] of [
    ['task', `${task.slug} (${task.id})`],
    ['name', task.name],
    ['workspace', task.workspaceId],
    ['newest', version === null ? 'none' : `version ${version.number}, ${version.state}, saved ${version.createdAt}`],
    ['started', task.readyVersion === null ? 'never: no version is ready' : `as version ${task.readyVersion.number}`],
  ] as const)
    terminal.say(`${terminal.paint('quiet', title.padEnd(10))}${value}`);
  if (version === null) return EXIT.fine;
  if (version.state === 'invalid') showProblems((version.problems ?? []) as unknown as readonly Problem[], terminal);
  terminal.say(JSON.stringify(version.definition, null, 2));
  return EXIT.fine;
};
