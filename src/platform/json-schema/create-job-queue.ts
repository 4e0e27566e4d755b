import { PlatformError } from '@durabase/contracts/errors';
import type { SchemaJob } from './messages.ts';
import { type Allowance, type CheckThread, openThread, type Outcome } from './open-thread.ts';

interface Waiting {
  readonly job: SchemaJob;
  readonly allowance: Allowance;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Checks one job after the other in a thread, which is started for the first one and again whenever it was ended. */
export interface JobQueue {
  run(job: SchemaJob, allowance: Allowance): Promise<Outcome>;
  close(): Promise<void>;
}

const closedError = (): PlatformError => new PlatformError('INTERNAL', { message: 'checking of JSON Schemas has been closed' });

/** See {@link JobQueue}. */
export function createJobQueue(limits: { readonly memoryMb: number }): JobQueue {
  const waiting: Waiting[] = [];
  let thread: CheckThread | undefined;
  let isWorking = false;
  let isClosed = false;

  const runOne = async ({ job, allowance }: Waiting): Promise<Outcome> => {
    for (;;) {
      thread ??= await openThread(limits);
      const isUsed = thread.checkCount > 0;
      const outcome = isClosed ? undefined : await thread.check(job, allowance);
      if (outcome?.kind === 'answered') return outcome;
      await thread.end();
      thread = undefined;
      if (isClosed || outcome === undefined) throw closedError();
      if (outcome.kind === 'late' || !isUsed) return outcome;
      // What a used thread had kept of other schemas may have brought it down: a new one tells.
    }
  };
  const work = async (): Promise<void> => {
    isWorking = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await runOne(next).then(next.resolve, next.reject);
    }
    isWorking = false;
  };

  return {
    run: (job, allowance) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(closedError());
        waiting.push({ job, allowance, resolve, reject });
        if (!isWorking) void work();
      }),
    close: async () => {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(closedError());
      await thread?.end();
      if (!isWorking) thread = undefined;
    },
  };
}
