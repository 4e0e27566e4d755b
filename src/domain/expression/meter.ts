import { Abort, Fault } from './faults.ts';
import { MAX_TEXT } from './limits.ts';

/** Characters of text that cost one unit. */
const TEXT_PER_UNIT = 64;

/** Counts the work of one evaluation at a time. */
export interface Meter {
  /** Begins an evaluation. */
  readonly start: (maxCost: number) => void;
  /** Throws what ends the evaluation when the budget is spent. */
  readonly charge: (units: number) => void;
  /** The same for reading or writing text. */
  readonly chargeText: (length: number) => void;
  /** Refuses to produce text of this length, or pays for it. */
  readonly allowText: (length: number) => void;
  readonly isSpent: () => boolean;
}

export function createMeter(): Meter {
  let left = 0;
  let limit = 0;
  const charge = (units: number): void => {
    left -= units;
    if (left >= 0) return;
    throw new Abort({
      code: 'EXPRESSION_COST',
      text: `the expression takes more than ${limit.toLocaleString('en-US')} units of work`,
      suggestion: 'loop over less, or compute a part of it in a step of its own',
    });
  };
  const chargeText = (length: number): void => {
    if (length >= TEXT_PER_UNIT) charge(Math.ceil(length / TEXT_PER_UNIT));
  };
  return {
    start: (maxCost) => {
      left = maxCost;
      limit = maxCost;
    },
    charge,
    chargeText,
    allowText: (length) => {
      if (length > MAX_TEXT) {
        throw new Fault({
          code: 'EXPRESSION_TOO_LARGE',
          text: `text of ${length.toLocaleString('en-US')} characters would be made; at most ${MAX_TEXT.toLocaleString('en-US')} are allowed`,
        });
      }
      chargeText(length);
    },
    isSpent: () => left < 0,
  };
}
