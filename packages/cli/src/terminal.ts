import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

/** Where the program shows and asks things. */
export interface Terminal {
  /** One line of the result. */
  say(line: string): void;
  /** One line for people that is no part of the result. */
  note(line: string): void;
  /** Coloured where colours can be seen and nobody has asked for none (NO_COLOR). */
  paint(style: Style, text: string): string;
  /** Whether somebody is there who can answer. */
  readonly isInteractive: boolean;
  /** Yes, unless the answer is anything else. */
  confirm(question: string): Promise<boolean>;
}

/** What a colour stands for. */
export type Style = 'added' | 'removed' | 'changed' | 'bad' | 'good' | 'quiet';

const COLORS = { added: 'green', removed: 'red', changed: 'yellow', bad: 'red', good: 'green', quiet: 'dim' } as const;

interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

/** A terminal that shows people nothing: what comes out is for machines alone. */
export const silence = (terminal: Terminal): Terminal => ({ ...terminal, say: () => {}, note: () => {} });

export const createTerminal = ({ stdin, stdout, stderr }: Streams): Terminal => ({
  say: (line) => void stdout.write(`${line}\n`),
  note: (line) => void stderr.write(`${line}\n`),
  paint: (style, text) => styleText(COLORS[style], text, { stream: stdout as NodeJS.WriteStream }),
  isInteractive: stdin.isTTY === true && stdout.isTTY === true,
  confirm: async (question) => {
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  },
});
