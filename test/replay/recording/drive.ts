import type { RecordingEngine } from './start-engine.ts';
import type { Execution } from './watch-runs.ts';

/** Makes one run of a shape, whose history is to be kept. */
export type Drive = (engine: RecordingEngine) => Promise<Execution>;
