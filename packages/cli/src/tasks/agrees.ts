import type { CommandContext } from './command.ts';

/** Whether somebody agrees; who said `--yes`, or is a program that nobody can ask, has agreed by calling. */
export const agrees = async (question: string, { terminal, args }: CommandContext): Promise<boolean> =>
  args.isConfirmed || !terminal.isInteractive || terminal.confirm(question);
