import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities<{ step(): Promise<number> }>({ startToCloseTimeout: '1 minute' });

/** A workflow with one activity. */
export const one = (): Promise<number> => step();

/** A workflow with ten, one after the other. */
export async function ten(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await step();
}
