import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Bookkeeping } from './run-task.messages.ts';

const quick = proxyLocalActivities<Bookkeeping>({
  startToCloseTimeout: '4 seconds',
  scheduleToCloseTimeout: '4 seconds',
  retry: { initialInterval: '50 milliseconds', backoffCoefficient: 2, maximumInterval: '1 second' },
});

const patient = proxyActivities<Bookkeeping>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
});

const isRefusal = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true;

let underWayCount = 0;
let letGo: (() => void)[] = [];

/**
 * Holds results back until no local activity is under way, then gives them all out in the order of the calls. While it
 * executes, the SDK delivers the results of several one by one; when it replays, it delivers them together
 * (https://github.com/temporalio/sdk-python/issues/1881, TypeScript 1.24.0): what follows them would come in another order.
 */
async function allTogether<Result>(work: () => Promise<Result>): Promise<Result> {
  underWayCount += 1;
  const allEnded = new Promise<void>((resolve) => letGo.push(resolve));
  const [ended] = await Promise.allSettled([work()]);
  underWayCount -= 1;
  if (underWayCount === 0) {
    const held = letGo;
    letGo = [];
    for (const release of held) release();
  }
  await allEnded;
  if (ended.status === 'rejected') throw ended.reason;
  return ended.value;
}

/**
 * Runs one of the engine's own activities as a local one, which costs a single history event. When that does not come
 * through in seconds (the database is down), a regular one waits for as long as it takes.
 */
export async function keepBook<Name extends keyof Bookkeeping>(
  name: Name,
  request: Parameters<Bookkeeping[Name]>[0],
): Promise<Awaited<ReturnType<Bookkeeping[Name]>>> {
  type Call = (argument: typeof request) => Promise<Awaited<ReturnType<Bookkeeping[Name]>>>;
  try {
    return await allTogether(() => (quick[name] as unknown as Call)(request));
  } catch (error) {
    if (isCancellation(error) || isRefusal(error)) throw error;
    return await (patient[name] as unknown as Call)(request);
  }
}
