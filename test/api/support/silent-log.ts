import type { Log } from '../../../src/ports/log.ts';

/** For tests that do not look at logs. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silentLog };
