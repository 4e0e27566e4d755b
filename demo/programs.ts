import { join } from 'node:path';
import { freePorts, type Stack } from '@durabase/local-stack';
import { type Program, superviseProgram } from '@durabase/local-stack/program';
import { spawnLogged } from '@durabase/local-stack/spawn-logged';

/** The two programs of Durabase. */
export interface Programs {
  readonly api: Program;
  readonly worker: Program;
  stop(): Promise<void>;
}

export interface ProgramsOptions {
  readonly projectDir: string;
  readonly stack: Stack;
  /** `DURABASE_*` beside what the stack tells its programs. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
}

const STOP_STEPS = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** Starts API and worker. The stack could do it too, but here the user's token is a secret of theirs, and the user signs up first. */
export async function startPrograms(options: ProgramsOptions): Promise<Programs> {
  const { env, ports } = options.stack;
  const api = supervise('api', { ...options, entry: 'src/server.ts', environment: env.server, healthPort: ports.api });
  const [healthPort = 0] = await freePorts(1);
  const environment = { ...env.worker, DURABASE_HEALTH_PORT: String(healthPort) };
  const worker = supervise('worker', { ...options, entry: 'src/worker.ts', environment, healthPort });
  const stop = async (): Promise<void> => void (await Promise.all([api.stop(), worker.stop()]));
  const started = await Promise.allSettled([api.start(), worker.start()]);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed === undefined) return { api, worker, stop };
  await stop();
  throw failed.reason;
}

interface ProgramOptions extends ProgramsOptions {
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthPort: number;
}

function supervise(name: string, { projectDir, stack, settings, log, entry, environment, healthPort }: ProgramOptions): Program {
  const logFile = join(stack.stateDir, 'logs', `${name}.log`);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('DURABASE_')));
  const env = { ...inherited, ...environment, ...settings };
  return superviseProgram({
    name,
    // With a channel the program learns when the demo is gone, however that ended.
    spawn: () => spawnLogged({ name, command: process.execPath, args: [entry], env, cwd: projectDir, logFile, ipc: true }),
    isReady: () => isReady(`http://127.0.0.1:${healthPort}/readyz`),
    readyTimeoutMs: 60_000,
    stopSteps: STOP_STEPS,
    logFile,
    log,
  });
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // it does not listen yet; superviseProgram asks again
  }
}
