import type { ExpressionCode } from './expression-problem.ts';

/** What went wrong inside of a function; place and wording around it are added where the evaluation ends. */
export interface FaultFacts {
  readonly code: ExpressionCode;
  readonly text: string;
  readonly suggestion?: string;
  /** The text goes on from what the failing node reads: `input.a` + ` has no "b"`. */
  readonly isAboutHolder?: boolean;
}

/**
 * A failure of a function. CEL may drop it: `true || failure` is true. Of several failures that meet at `&&` or `||` only
 * the message survives, so the facts are written into it.
 */
export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(facts: FaultFacts) {
    super(JSON.stringify(facts));
  }
}

/** The facts of a message that came from a {@link Fault}. */
export function readFault(message: string): FaultFacts | undefined {
  if (!message.startsWith('{"code":"EXPRESSION_')) return undefined;
  return JSON.parse(message) as FaultFacts;
}

/** Ends the whole evaluation: unlike a {@link Fault} it passes `&&` and `||`. */
export class Abort extends Error {
  override readonly name = 'Abort';
  readonly facts: FaultFacts;

  constructor(facts: FaultFacts) {
    super(facts.text);
    this.facts = facts;
  }
}
