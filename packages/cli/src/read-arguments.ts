import { parseArgs } from 'node:util';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** How the program is used. */
export const USAGE = `usage: durabase tasks <command> [options]

  list [--deleted]              tasks, the newest first
  show <slug>                   a task and its newest version
  versions <slug>               versions of a task, the newest first
  diff <file…>                  in what tasks in files differ from what is saved
  apply <file…>                 saves what differs, and waits until it is ready
  rollback <slug> --to <n>      saves version n anew
  delete <slug>                 no more starts; runs go on; can be restored
  restore <slug>                brings a deleted task back

files are .json, or modules (.ts, .js, .mjs) that export tasks of defineTask

options
  --json                 one JSON document in place of text
  --yes                  apply, rollback, delete: do not ask
  --dry-run              apply, rollback: show what would be done, and stop
  --workspace <id>       where several have the task
  --url <url>            the API; default DURABASE_URL, else the local stack of this folder
  --help

The token is DURABASE_TOKEN: that of a user, or the project's secret key. The local stack needs none.
exit codes: 0 done · 1 refused, invalid or unreachable · 2 wrong arguments or settings · 3 diff found differences`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  deleted: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  workspace: { type: 'string' },
  url: { type: 'string' },
  to: { type: 'string' },
} as const;

/** Commands, with the options that only some of them take. */
const COMMANDS = {
  list: ['deleted'],
  show: [],
  versions: [],
  diff: [],
  apply: ['yes', 'dry-run'],
  rollback: ['yes', 'dry-run', 'to'],
  delete: ['yes'],
  restore: [],
} as const satisfies Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>>;

/** What can be done with tasks. */
export type CommandName = keyof typeof COMMANDS;

/** What the user has typed. */
export interface Arguments {
  readonly command: CommandName;
  /** Slugs or files. */
  readonly names: readonly string[];
  readonly isJson: boolean;
  readonly isConfirmed: boolean;
  readonly isDryRun: boolean;
  readonly isOfDeleted: boolean;
  readonly workspace: string | undefined;
  readonly url: string | undefined;
  /** Number of a version. */
  readonly to: number | undefined;
}

const misused = (message: string): CliError =>
  new CliError(message, { hint: 'durabase --help says how it is used', exitCode: EXIT.usage });

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw misused(String(Reflect.get(Object(error), 'message')));
  }
};

const isCommand = (word: string | undefined): word is CommandName => word !== undefined && Object.hasOwn(COMMANDS, word);

const readNumber = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw misused(`--to ${JSON.stringify(text)} is no number of a version`);
  return Number(text);
};

const checkNames = (command: CommandName, names: readonly string[]): void => {
  switch (command) {
    case 'list':
      if (names.length > 0) throw misused(`list takes no names, but ${JSON.stringify(names[0])} is given`);
      break;
    case 'diff':
    case 'apply':
      if (names.length === 0) throw misused(`${command} needs at least one file`);
      break;
    case 'show':
    case 'versions':
    case 'rollback':
    case 'delete':
    case 'restore':
      if (names.length !== 1) throw misused(`${command} needs the slug of one task`);
      if (!/^[A-Za-z0-9-]{1,63}$/.test(names[0] ?? '')) throw misused(`${JSON.stringify(names[0])} is neither a slug nor an id`);
  }
};

/** Undefined: help is wanted. Throws CliError. */
export const readArguments = (args: readonly string[]): Arguments | undefined => {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [topic, command, ...names] = positionals;
  if (topic !== 'tasks' || !isCommand(command))
    throw misused(`there is no command ${JSON.stringify(positionals.slice(0, 2).join(' '))}`);
  const own: readonly string[] = COMMANDS[command];
  const foreign = Object.values(COMMANDS)
    .flat()
    .find((name) => !own.includes(name) && values[name] !== undefined && values[name] !== false);
  if (foreign !== undefined) throw misused(`${command} has no option --${foreign}`);
  checkNames(command, names);
  const to = readNumber(values.to);
  if (command === 'rollback' && to === undefined) throw misused('rollback needs --to <number of a version>');
  return {
    command,
    names,
    isJson: values.json,
    isConfirmed: values.yes,
    isDryRun: values['dry-run'],
    isOfDeleted: values.deleted,
    workspace: values.workspace,
    url: values.url,
    to,
  };
};
