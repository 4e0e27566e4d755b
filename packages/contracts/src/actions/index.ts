import { httpAction } from './http.ts';
import { sleepAction } from './sleep.ts';

export * from './http.ts';
export * from './sleep.ts';

/** Every built-in action. Add a contract here, and to the exports above; the compiler then asks for its handler. */
export const ACTIONS = [httpAction, sleepAction] as const;
