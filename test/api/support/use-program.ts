import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { UsedDatabase } from '../../support/use-database.ts';
import { SECRET_KEY } from './test-api.ts';

const SERVER = join(import.meta.dirname, '../../../src/server.ts');

/** The API as the program that it is. */
export interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  /** The first log line of this event. */
  line(event: string): Promise<Readonly<Record<string, unknown>>>;
}

/** Starts programs that end with the test. Call it at the top of a file. */
export function useProgram(database: UsedDatabase): (environment?: Readonly<Record<string, string>>) => Program {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  return (environment = {}) => {
    const program = startProgram(database, environment);
    children.push(program.child);
    return program;
  };
}

function startProgram(database: UsedDatabase, environment: Readonly<Record<string, string>>): Program {
  const settings = {
    DURABASE_ENVIRONMENT: 'local',
    DURABASE_DATABASE_URL: database.urls.gatewayUrl,
    DURABASE_SUPABASE_URL: 'http://127.0.0.1:1',
    DURABASE_SECRET_KEY: SECRET_KEY,
    DURABASE_PORT: '0',
    ...environment,
  };
  const child = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const grown = (): Promise<unknown> =>
    Promise.race([once(child.stdout ?? child, 'data'), once(child.stderr ?? child, 'data'), exit]);
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const line = async (event: string): Promise<Readonly<Record<string, unknown>>> => {
    for (;;) {
      const found = output.split('\n').find((text) => text.includes(`"message":"${event}"`));
      if (found !== undefined) return JSON.parse(found) as Readonly<Record<string, unknown>>;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended before ${event}: ${output}`);
      await grown();
    }
  };
  return { child, output: () => output, exit, line };
}

/** Where it listens. */
export const urlOf = async (program: Program): Promise<string> =>
  `http://127.0.0.1:${String((await program.line('server.listening'))['port'])}`;
