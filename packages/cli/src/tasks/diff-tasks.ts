import { EXIT } from '../exit-codes.ts';
import { loadDefinitions } from '../load-definitions.ts';
import type { Command } from './command.ts';
import { type Comparison, compareTask, showComparison } from './compare-task.ts';

export const diffTasks: Command = async ({ api, terminal, args, folder, report }) => {
  const compared: Comparison[] = [];
  for (const task of await loadDefinitions(args.names, folder)) compared.push(await compareTask(task, api, args.workspace));
  report({
    tasks: compared.map(({ slug, file, change, newest, changes }) => ({
      slug,
      file,
      change,
      from: newest?.number ?? null,
      changes,
    })),
  });
  for (const comparison of compared) showComparison(comparison, terminal);
  return compared.every(({ change }) => change === 'none') ? EXIT.fine : EXIT.different;
};
