import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isRecord } from './private-file.ts';
import { errorCode } from './stack-error.ts';
import { waitUntil } from './wait-until.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, a date elsewhere. */
  readonly startedAt: string;
}

export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

export const isProcessIdentity = (value: unknown): value is ProcessIdentity =>
  isRecord(value) && typeof value['pid'] === 'number' && typeof value['startedAt'] === 'string';

/** Who runs under this number now; undefined when nobody does, or only a zombie that nobody collects. */
export const identifyProcess = (pid: number): ProcessIdentity | undefined => {
  const startedAt = process.platform === 'linux' ? startTicks(pid) : startDate(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
};

export const isAlive = (identity: ProcessIdentity): boolean => identifyProcess(identity.pid)?.startedAt === identity.startedAt;

/** Sends one signal after the other until the process is gone; false if it survived all of them. */
export const stopProcess = async (identity: ProcessIdentity, steps: readonly StopStep[]): Promise<boolean> => {
  for (const { signal, waitMs } of steps) {
    if (!isAlive(identity)) return true;
    sendSignal(identity.pid, signal);
    if (await waitUntil(() => !isAlive(identity), { timeoutMs: waitMs, intervalMs: 10 })) return true;
  }
  return !isAlive(identity);
};

const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended between the look and the signal, which is what was wanted.
    if (errorCode(error) !== 'ESRCH') throw error;
  }
};

const startTicks = (pid: number): string | undefined => {
  const stat = readProcFile(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The program's name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
};

const startDate = (pid: number): string | undefined => {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = 'Z', ...date] = line.split(/\s+/);
    return state.startsWith('Z') ? undefined : date.join(' ');
  } catch {
    // ps answers with an error when there is no such process.
    return undefined;
  }
};

/** The command line of a process, arguments separated by blanks; undefined when it cannot be read. */
export const commandLine = (pid: number): string | undefined => {
  if (process.platform === 'linux') return readProcFile(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};

const readProcFile = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process is gone, or it belongs to somebody whose processes we may not look into.
    return undefined;
  }
};
