/**
 * Does a job whenever it is asked for, one at a time: what is asked for while it runs leads to one more behind it, so that nothing
 * is cut off half-way and the last word is heard. Between two it rests as long as the last one took.
 */
export const coalesce = (job: () => Promise<unknown>): (() => void) => {
  let isBusy = false;
  let isAsked = false;
  const work = async (): Promise<void> => {
    isBusy = true;
    while (isAsked) {
      isAsked = false;
      const startedAt = performance.now();
      await job().catch(() => {}); // whoever shows the result shows why there is none
      const tookMs = performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, tookMs));
    }
    isBusy = false;
  };
  return () => {
    isAsked = true;
    if (!isBusy) void work();
  };
};
