/** Counts down from what is allowed in a second, and fills up again as time passes. */
export interface Rate {
  /** False: that was too much. */
  take(): boolean;
}

export const createRate = (perSecond: number, nowMs: () => number = () => performance.now()): Rate => {
  let left = perSecond;
  let filledAtMs = nowMs();
  return {
    take: () => {
      const timeMs = nowMs();
      left = Math.min(perSecond, left + ((timeMs - filledAtMs) * perSecond) / 1_000);
      filledAtMs = timeMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
};
