import type { Problem } from '@durabase/contracts/errors';
import type { Terminal } from '../terminal.ts';

/** What the compiler says: where, what, and what to do. */
export const showProblems = (problems: readonly Problem[], terminal: Terminal): void => {
  for (const { path, message, hint } of problems) {
    terminal.note(terminal.paint('bad', `    ✗ ${path === '' ? '' : `${path}: `}${message}`));
    if (hint !== undefined) terminal.note(`      → ${hint}`);
  }
};
