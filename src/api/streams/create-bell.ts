/** Says that there is something to look at. */
export interface Bell {
  ring(): void;
  /** Resolves when it has been rung since the last time that this was awaited; rings in between count as one. */
  rung(): Promise<void>;
}

export function createBell(): Bell {
  let isRung = false;
  let answer: (() => void) | undefined;
  return {
    ring: () => {
      isRung = true;
      answer?.();
    },
    rung: async () => {
      if (!isRung) await new Promise<void>((resolve) => (answer = resolve));
      answer = undefined;
      isRung = false;
    },
  };
}
