import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../../packages/local-stack/src/ports.ts';
import { superviseProgram, type Program } from '../../../packages/local-stack/src/program.ts';
import { spawnLogged } from '../../../packages/local-stack/src/spawn-logged.ts';
import { isListening } from '../../../packages/local-stack/src/temporal.ts';
import type { TestDatabase } from '../../support/test-database.ts';

/** REST, Auth and Realtime on one database, as the supervised child that the stack runs. */
export interface Endpoint {
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly jwtSecret: string;
  readonly program: Program;
  close(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, '../../../packages/local-stack/src/supabase-server.ts');

export const startEndpoint = async (urls: TestDatabase): Promise<Endpoint> => {
  const folder = mkdtempSync(join(tmpdir(), 'durabase-client-'));
  const [port = 0] = await freePorts(1);
  const keys = {
    jwtSecret: randomBytes(32).toString('hex'),
    publishableKey: `sb_publishable_${randomBytes(12).toString('hex')}`,
    secretKey: `sb_secret_${randomBytes(12).toString('hex')}`,
  };
  const options = { databaseUrl: urls.liteUrl, realtimeDatabaseUrl: urls.realtimeUrl, port, ...keys };
  const { NODE_OPTIONS: _, ...env } = process.env;
  const logFile = join(folder, 'supabase.log');
  const program = superviseProgram({
    name: 'supabase',
    spawn: () =>
      spawnLogged({
        name: PROGRAM,
        command: process.execPath,
        args: [PROGRAM],
        env: { ...env, DURABASE_SUPABASE_SERVER: JSON.stringify(options) },
        cwd: folder,
        logFile,
        ipc: true,
      }),
    isReady: () => isListening(port),
    readyTimeoutMs: 30_000,
    stopSteps: [
      { signal: 'SIGTERM', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 2_000 },
    ],
    logFile,
    log: () => {},
  });
  await program.start();
  return {
    ...keys,
    url: `http://127.0.0.1:${port}`,
    program,
    close: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
