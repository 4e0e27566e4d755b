import { httpAction } from './http.ts';
import { sleepAction } from './sleep.ts';

/** Every built-in action. Add a contract here; the compiler then asks for its handler. */
export const ACTIONS = [httpAction, sleepAction] as const;
