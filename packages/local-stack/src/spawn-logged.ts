import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describeError, errorCode, StackError } from './stack-error.ts';
import type { SystemUser } from './system-user.ts';

export interface SpawnOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logFile: string;
  /** Run as this user; only root can. */
  readonly user?: SystemUser | undefined;
  /** Open an IPC channel: its end tells the child that its parent is gone. */
  readonly ipc?: boolean;
  /** Also receives every line. */
  readonly onLine?: ((line: string) => void) | undefined;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** Starts a program whose output goes to a log file. */
export const spawnLogged = async (options: SpawnOptions): Promise<ChildProcess> => {
  const { name, command, args, env, cwd, logFile, user, ipc = false, onLine } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  rotateLog(logFile);
  const logFd = openSync(logFile, 'a', 0o600);
  const output = onLine === undefined ? logFd : 'pipe';
  const child = spawn(command, args, {
    cwd,
    env,
    // A process group of its own: Ctrl+C in the terminal reaches only the stack, which then stops things in order.
    detached: true,
    stdio: ['ignore', output, output, ...(ipc ? (['ipc'] as const) : [])],
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  closeSync(logFd);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new StackError(`${name} cannot be started: ${describeError(error)}. The program is ${command}.`, error);
  }
  if (onLine !== undefined) forwardOutput(child, logFile, onLine);
  return child;
};

/** The last lines of a log, for error messages. */
export const readLogTail = (logFile: string, lineCount = 25): string => {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lineCount).join('\n');
  } catch {
    return '(no log)';
  }
};

const forwardOutput = (child: ChildProcess, logFile: string, onLine: (line: string) => void): void => {
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const follow = (stream: Readable | null): void => {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`);
      onLine(line);
    });
  };
  follow(child.stdout);
  follow(child.stderr);
  child.once('close', () => file.end());
};

const rotateLog = (logFile: string): void => {
  try {
    if (statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
};
