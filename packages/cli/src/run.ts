import { createApi } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readArguments, USAGE } from './read-arguments.ts';
import { readSettings } from './settings.ts';
import { showProblems } from './show/show-problems.ts';
import { taskCommands } from './tasks/index.ts';
import { silence, type Terminal } from './terminal.ts';

interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files and the local stack are looked for. */
  readonly folder: string;
}

const showError = (error: unknown, terminal: Terminal, isJson: boolean): ExitCode => {
  // A stack trace helps nobody with a refusal; for anything else it is all there is.
  if (!(error instanceof CliError)) {
    terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return EXIT.failed;
  }
  const { message, hint, code, problems, exitCode } = error;
  if (isJson) terminal.say(JSON.stringify({ error: { code, message, hint, problems } }));
  terminal.note(terminal.paint('bad', message));
  showProblems(problems, terminal);
  if (hint !== undefined) terminal.note(`→ ${hint}`);
  return exitCode;
};

/** One call of the program; how it ends. */
export const run = async (argv: readonly string[], { terminal, env, folder }: Surroundings): Promise<ExitCode> => {
  try {
    const args = readArguments(argv);
    if (args === undefined) {
      terminal.say(USAGE);
      return EXIT.fine;
    }
    const api = createApi(readSettings({ env, folder, url: args.url }));
    const report = (result: unknown): void => {
      if (args.isJson) terminal.say(JSON.stringify(result, null, 2));
    };
    return await taskCommands[args.command]({ api, terminal: args.isJson ? silence(terminal) : terminal, args, folder, report });
  } catch (error) {
    return showError(error, terminal, argv.includes('--json'));
  }
};
