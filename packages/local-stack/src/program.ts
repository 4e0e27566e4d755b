import type { ChildProcess } from 'node:child_process';
import { identifyProcess, stopProcess, type ProcessIdentity, type StopStep } from './process-identity.ts';
import type { ProcessRecord } from './process-record.ts';
import { readLogTail } from './spawn-logged.ts';
import { describeError, StackError } from './stack-error.ts';
import { waitUntil } from './wait-until.ts';

/** A program of the stack that is started again, after growing waits, whenever it ends by itself. */
export interface Program {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when the program is ready to serve. */
  start(): Promise<void>;
  /** Asks it to end, with this signal first; resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  /** Hits it as a crash would. `restart: false` leaves it dead until the next `start()`. */
  kill(signal: NodeJS.Signals, options?: { readonly restart?: boolean }): Promise<void>;
}

export interface ProgramSpec {
  readonly name: string;
  readonly spawn: () => Promise<ChildProcess>;
  readonly isReady: (child: ChildProcess) => boolean | Promise<boolean>;
  readonly readyTimeoutMs: number;
  readonly stopSteps: readonly StopStep[];
  readonly logFile: string;
  readonly record?: ProcessRecord | undefined;
  readonly log: (text: string) => void;
}

interface Launched {
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity | undefined;
  readonly ended: Promise<void>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A program that stood for so long is not in a crash loop. */
const SETTLED_MS = 5_000;

export const superviseProgram = (spec: ProgramSpec): Program => new SupervisedProgram(spec);

class SupervisedProgram implements Program {
  readonly #spec: ProgramSpec;
  #current: Launched | undefined;
  #launching: Promise<Launched> | undefined;
  #isWanted = false;
  #waitMs = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | undefined {
    return this.#current?.child.pid;
  }

  async start(): Promise<void> {
    clearTimeout(this.#timer);
    const launched = this.#current ?? (await this.#launch());
    await this.#waitReady(launched);
    this.#isWanted = true;
    // It may have ended between being ready and being wanted.
    if (hasEnded(launched.child)) this.#relaunchLater(launched.child);
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    const launched = this.#current ?? (await this.#launching);
    if (launched === undefined || hasEnded(launched.child)) return;
    const { stopSteps } = this.#spec;
    const steps = signal === undefined ? stopSteps : [{ signal, waitMs: stopSteps[0]?.waitMs ?? 0 }, ...stopSteps.slice(1)];
    await this.#end(launched, steps);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async kill(signal: NodeJS.Signals, { restart = true }: { readonly restart?: boolean } = {}): Promise<void> {
    if (!restart) {
      this.#isWanted = false;
      clearTimeout(this.#timer);
    }
    if (this.#current === undefined) return;
    const { child, ended } = this.#current;
    child.kill(signal);
    await ended;
  }

  #launch(): Promise<Launched> {
    this.#launching ??= this.#spawn().finally(() => {
      this.#launching = undefined;
    });
    return this.#launching;
  }

  async #spawn(): Promise<Launched> {
    const { name, spawn, record } = this.#spec;
    const child = await spawn();
    const startedAtMs = Date.now();
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (identity !== undefined) record?.set(name, identity);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const onEnd = (): void => {
      this.#current = undefined;
      record?.clear(name);
      if (Date.now() - startedAtMs > SETTLED_MS) this.#waitMs = FIRST_WAIT_MS;
      if (this.#isWanted) this.#relaunchLater(child);
      resolve();
    };
    const launched = { child, identity, ended };
    this.#current = launched;
    if (hasEnded(child)) onEnd();
    else child.once('exit', onEnd);
    return launched;
  }

  #relaunchLater(child: ChildProcess): void {
    const { name, log } = this.#spec;
    const how = child.signalCode ?? `code ${child.exitCode}`;
    log(`${name} ended unexpectedly (${how}); starting it again in ${this.#waitMs} ms`);
    this.#retryAfter(this.#waitMs);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }

  #retryAfter(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isWanted || this.#current !== undefined) return;
      this.#launch().catch((error: unknown) => {
        this.#spec.log(describeError(error));
        if (this.#isWanted) this.#retryAfter(LONGEST_WAIT_MS);
      });
    }, waitMs);
  }

  async #waitReady(launched: Launched): Promise<void> {
    const { name, isReady, readyTimeoutMs, logFile, stopSteps } = this.#spec;
    const { child } = launched;
    const isSettled = await waitUntil(async () => hasEnded(child) || (await isReady(child)), { timeoutMs: readyTimeoutMs });
    if (isSettled && !hasEnded(child)) return;
    const problem = isSettled ? 'ended while it was starting' : `was not ready after ${readyTimeoutMs / 1000} s`;
    this.#isWanted = false;
    await this.#end(launched, stopSteps);
    throw new StackError(`${name} ${problem}. The end of its log, ${logFile}:\n${readLogTail(logFile)}`);
  }

  async #end({ child, identity, ended }: Launched, steps: readonly StopStep[]): Promise<void> {
    if (hasEnded(child)) return;
    if (identity !== undefined && !(await stopProcess(identity, steps)))
      throw new StackError(`${this.name} (pid ${identity.pid}) does not end.`);
    await ended;
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
