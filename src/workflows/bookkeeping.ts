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
    return await (quick[name] as unknown as Call)(request);
  } catch (error) {
    if (isCancellation(error) || isRefusal(error)) throw error;
    return await (patient[name] as unknown as Call)(request);
  }
}
