import { createRate } from './rate.ts';

export type Log = (text: string) => void;

const LINES_PER_SECOND = 20;

/** Whatever clients do, the log does not fill the disk; what was left out is counted. */
export const createThrottledLog = (log: Log): Log => {
  const rate = createRate(LINES_PER_SECOND);
  let omitted = 0;
  return (text) => {
    if (!rate.take()) {
      omitted += 1;
      return;
    }
    if (omitted > 0) log(`realtime: ${omitted} lines left out`);
    omitted = 0;
    log(`realtime: ${text}`);
  };
};
