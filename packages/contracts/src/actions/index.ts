import { externalAction } from './external.ts';
import { httpAction } from './http.ts';
import { runTaskAction } from './run-task.ts';
import { sleepAction } from './sleep.ts';
import { waitForEventAction } from './wait-for-event.ts';

export * from './external.ts';
export * from './http.ts';
export * from './run-task.ts';
export * from './sleep.ts';
export * from './wait-for-event.ts';

/** Every built-in action. Add a contract here, and to the exports above; the compiler then asks for its handler. */
export const ACTIONS = [httpAction, sleepAction, waitForEventAction, externalAction, runTaskAction] as const;
