/**
 * Processor time that the calling thread used at most between two turns of its event loop while `work` went on, in
 * milliseconds. Time in which the machine was busy with something else does not count.
 */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let before = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    before = process.threadCpuUsage();
  };
  const timer = setInterval(look, 1);
  try {
    await work();
  } finally {
    look(); // also what was done within a single turn
    clearInterval(timer);
  }
  return longestMs;
}
