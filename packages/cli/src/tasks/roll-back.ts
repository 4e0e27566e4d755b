import type { TaskDiff, TaskWithVersion } from '@durabase/contracts/api/task';
import { EXIT } from '../exit-codes.ts';
import { showChanges } from '../show/show-changes.ts';
import { agrees } from './agrees.ts';
import { awaitVerdict } from './await-verdict.ts';
import { type Command, slugOf } from './command.ts';

export const rollBack: Command = async (context) => {
  const { api, terminal, args, report } = context;
  const [slug, to] = [slugOf(args), args.to ?? 0];
  const { task, version: newest } = await api.get<TaskWithVersion>(`/tasks/${slug}`, { workspace: args.workspace });
  const at = `/tasks/${task.id}`;
  const { changes } = await api.get<TaskDiff>(`${at}/diff`, { from: newest?.number, to });
  const from = newest?.number ?? null;
  if (changes.length === 0) {
    report({ slug, from, to, version: from, changes });
    terminal.say(`  = ${slug}: no change: version ${from ?? 0} says the same as version ${to}`);
    return EXIT.fine;
  }
  terminal.say(terminal.paint('changed', `  ~ ${slug}: from version ${from ?? 0} back to version ${to}`));
  showChanges(changes, terminal);
  if (args.isDryRun) {
    report({ slug, from, to, version: null, changes });
    terminal.note('nothing was saved');
    return EXIT.fine;
  }
  if (!(await agrees('Apply?', context))) {
    terminal.note('nothing was saved');
    return EXIT.failed;
  }
  const { version } = await api.post<TaskWithVersion>(`${at}/versions/${to}/restore`);
  const saved = version && (await awaitVerdict(version, api));
  report({ slug, from, to, version: saved?.number ?? null, changes });
  terminal.say(terminal.paint('good', `  ✓ ${slug}: version ${saved?.number ?? 0} is ready, and says what version ${to} said`));
  return EXIT.fine;
};
