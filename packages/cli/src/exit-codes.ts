/** How the program ends. */
export const EXIT = {
  /** Done, or there was nothing to do. */
  fine: 0,
  /** Something was refused, is invalid, or cannot be reached. */
  failed: 1,
  /** The arguments or settings make no sense. */
  usage: 2,
  /** `diff` found differences. */
  different: 3,
} as const;

/** A way in which the program ends. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
