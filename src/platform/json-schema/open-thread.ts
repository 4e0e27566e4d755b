import { Worker } from 'node:worker_threads';
import { PlatformError } from '@durabase/contracts/errors';
import type { SchemaJob, ThreadMessage, Verdict } from './messages.ts';

/** How a check ended. After `late` and `crashed` the thread is gone. */
export type Outcome = { readonly kind: 'answered'; readonly verdict: Verdict } | { readonly kind: 'late' | 'crashed' };

/** A thread that checks one job at a time. */
export interface CheckThread {
  /** Checks that it has answered. */
  readonly checkCount: number;
  check(job: SchemaJob, allowance: Allowance): Promise<Outcome>;
  end(): Promise<void>;
}

/** What a check may take. */
export interface Allowance {
  /** Processor time, in milliseconds. */
  readonly allowanceMs: number;
  /** Time beyond it by the clock, in milliseconds, where the machine is busy with other things. */
  readonly patienceMs: number;
}

/** A thread that is not ready after so long will not be: nobody's schema is to blame. */
const START_MS = 15_000;
const startThread = (memoryMb: number): Worker =>
  new Worker(new URL('./schema-worker.ts', import.meta.url), {
    name: 'json-schema',
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });

/** Calls `onLate` when the thread has used up its allowance; returns what calls that off. */
function watchAllowance(
  worker: Worker,
  { allowanceMs, patienceMs, usedBeforeMs, onLate }: Allowance & { readonly usedBeforeMs: number; readonly onLate: () => void },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOff = false;
  const look = async (): Promise<void> => {
    const { user, system } = await worker.cpuUsage();
    const leftMs = allowanceMs - ((user + system) / 1_000 - usedBeforeMs);
    if (isOff) return;
    if (leftMs <= 0) onLate();
    else wait(Math.max(leftMs, 5));
  };
  const wait = (ms: number): void => {
    timer = setTimeout(() => void look().catch(() => undefined), ms); // a thread that has gone tells so by itself
  };
  wait(allowanceMs);
  const wall = setTimeout(onLate, allowanceMs + patienceMs);
  return () => {
    isOff = true;
    clearTimeout(timer);
    clearTimeout(wall);
  };
}

/** Hands each message to `onMessage`; `onEnd` hears why the thread ended. */
interface Listener {
  onMessage(message: ThreadMessage): void;
  onEnd(cause: unknown): void;
}

/** What the thread's first message or its failure to start decides. */
function listen(worker: Worker): { readonly ready: Promise<ThreadMessage>; readonly follow: (listener: Listener) => void } {
  let follower: Listener | undefined;
  const ready = new Promise<ThreadMessage>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      follower?.onEnd(cause);
      reject(new PlatformError('INTERNAL', { message: 'the thread that checks JSON Schemas does not start', cause }));
    };
    const timer = setTimeout(() => {
      void worker.terminate();
      fail(new Error(`not ready after ${START_MS} ms`));
    }, START_MS);
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`it ended with ${code}`)));
    worker.on('message', (message: ThreadMessage) => {
      clearTimeout(timer);
      follower?.onMessage(message);
      resolve(message); // only the first one decides
    });
  });
  return { ready, follow: (listener) => void (follower = listener) };
}

/** Starts a thread and waits until it can check. Throws INTERNAL when it does not start. It keeps no process alive while it is idle. */
export async function openThread({ memoryMb }: { readonly memoryMb: number }): Promise<CheckThread> {
  const worker = startThread(memoryMb);
  const { ready, follow } = listen(worker);
  let { cpuMs: usedBeforeMs } = await ready;
  let checkCount = 0;
  let settle: ((outcome: Outcome) => void) | undefined;
  worker.unref();
  follow({
    onMessage: ({ cpuMs, verdict }) => {
      usedBeforeMs = cpuMs;
      checkCount += 1;
      if (verdict !== undefined) settle?.({ kind: 'answered', verdict });
    },
    onEnd: () => settle?.({ kind: 'crashed' }),
  });

  const check = (job: SchemaJob, allowance: Allowance): Promise<Outcome> =>
    new Promise((resolve) => {
      const onLate = (): void => settle?.({ kind: 'late' });
      const callOff = watchAllowance(worker, { ...allowance, usedBeforeMs, onLate });
      settle = (outcome) => {
        settle = undefined;
        callOff();
        worker.unref();
        resolve(outcome);
      };
      worker.ref();
      worker.postMessage(job);
    });

  return {
    get checkCount() {
      return checkCount;
    },
    check,
    end: async () => {
      await worker.terminate();
    },
  };
}
