import type { FieldChange } from '@durabase/contracts/api/task';
import type { Terminal } from '../terminal.ts';

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
const MAX_LENGTH = 400;

const showValue = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
};

const describe = ({ kind, before, after }: FieldChange): string => {
  switch (kind) {
    case 'added':
      return showValue(after);
    case 'removed':
      return showValue(before);
    case 'changed':
      return `${showValue(before)} → ${showValue(after)}`;
  }
};

/** Fields by their paths, one line each. */
export const showChanges = (changes: readonly FieldChange[], terminal: Terminal): void => {
  for (const change of changes)
    terminal.say(
      terminal.paint(change.kind, `    ${SIGNS[change.kind]} ${change.path === '' ? '(all)' : change.path}: ${describe(change)}`),
    );
};
