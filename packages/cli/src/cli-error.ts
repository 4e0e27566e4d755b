import type { Problem } from '@durabase/contracts/errors';
import { EXIT, type ExitCode } from './exit-codes.ts';

interface CliErrorDetails {
  /** What to do next. */
  readonly hint?: string | undefined;
  /** For programs: a code of the error table. */
  readonly code?: string | undefined;
  readonly problems?: readonly Problem[] | undefined;
  readonly exitCode?: ExitCode;
}

/** A failure that the program tells its user in words. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly hint: string | undefined;
  readonly code: string | undefined;
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;

  constructor(message: string, { hint, code, problems = [], exitCode = EXIT.failed }: CliErrorDetails = {}) {
    super(message);
    this.hint = hint;
    this.code = code;
    this.problems = problems;
    this.exitCode = exitCode;
  }
}
