import type { Api } from '../api-client.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Arguments } from '../read-arguments.ts';
import type { Terminal } from '../terminal.ts';

/** What a command works with. */
export interface CommandContext {
  readonly api: Api;
  /** For people; silent with `--json`. */
  readonly terminal: Terminal;
  readonly args: Arguments;
  /** Where files are looked for. */
  readonly folder: string;
  /** The result for machines; said only with `--json`. */
  readonly report: (result: unknown) => void;
}

/** One command. */
export type Command = (context: CommandContext) => Promise<ExitCode>;

/** The slug that the command is for. */
export const slugOf = ({ names }: Arguments): string => names[0] ?? '';
