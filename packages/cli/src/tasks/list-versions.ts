import type { TaskVersion } from '@durabase/contracts/api/task';
import { readAll } from '../api-client.ts';
import { EXIT } from '../exit-codes.ts';
import { showTable } from '../show/show-table.ts';
import { type Command, slugOf } from './command.ts';

export const listVersions: Command = async ({ api, terminal, args, report }) => {
  const versions = await readAll<TaskVersion>(api, `/tasks/${slugOf(args)}/versions`, { workspace: args.workspace });
  report({ versions });
  showTable(
    [
      ['VERSION', 'STATE', 'SAVED', 'BY'],
      ...versions.map(({ number, state, createdAt, createdBy }) => [String(number), state, createdAt, createdBy ?? 'a service']),
    ],
    terminal,
  );
  return EXIT.fine;
};
