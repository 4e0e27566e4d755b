import { join } from 'node:path';
import type { StopStep } from './process-identity.ts';
import type { ProcessRecord } from './process-record.ts';
import { SERVICES, type StackPorts } from './ports.ts';
import { superviseProgram, type Program } from './program.ts';
import { spawnLogged } from './spawn-logged.ts';
import type { StackKeys, StackTemporal, StackUrls } from './stack-file.ts';
import type { StackSettings } from './stack-options.ts';
import { isListening } from './temporal.ts';

export interface EnvironmentFacts {
  readonly urls: StackUrls;
  readonly keys: StackKeys;
  readonly temporal: StackTemporal;
  readonly ports: StackPorts;
  readonly healthPort: number;
}

/** What API and worker are told; nothing of the stack's own settings. */
export interface StackEnvironment {
  readonly server: Readonly<Record<string, string>>;
  readonly worker: Readonly<Record<string, string>>;
}

export interface NodeProgramOptions {
  readonly name: 'api' | 'worker' | 'supabase';
  readonly entry: string;
  /** It is ready when it takes connections here. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: StackSettings;
  readonly record: ProcessRecord;
}

const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
];
const READY_TIMEOUT_MS = 60_000;
const STACK_SETTINGS: readonly string[] = [
  ...Object.values(SERVICES).map((service) => service.setting),
  'DURABASE_PORT_OFFSET',
  'DURABASE_TEMPORAL_BIN',
  'DURABASE_STATE_DIR',
];

export const describeEnvironment = ({ urls, keys, temporal, ports, healthPort }: EnvironmentFacts): StackEnvironment => {
  const shared = {
    DURABASE_ENVIRONMENT: 'local',
    DURABASE_SUPABASE_URL: urls.supabase,
    DURABASE_JWT_SECRET: keys.jwtSecret,
    DURABASE_SECRET_KEY: keys.secret,
    DURABASE_PUBLISHABLE_KEY: keys.publishable,
    DURABASE_TEMPORAL_ADDRESS: temporal.address,
    DURABASE_TEMPORAL_NAMESPACE: temporal.namespace,
    DURABASE_TASK_QUEUE: temporal.taskQueue,
    ...(urls.temporalUi === undefined ? {} : { DURABASE_TEMPORAL_UI_URL: urls.temporalUi }),
    DURABASE_OUTGOING_ALLOW: [ports.supabase, ports.api].flatMap((port) => [`127.0.0.1:${port}`, `localhost:${port}`]).join(','),
  };
  return {
    server: {
      ...shared,
      DURABASE_DATABASE_URL: urls.gateway,
      DURABASE_PORT: String(ports.api),
      DURABASE_TEMPORAL_UI_ORIGINS: ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${ports.temporalUi}`).join(','),
    },
    worker: { ...shared, DURABASE_DATABASE_URL: urls.engine, DURABASE_HEALTH_PORT: String(healthPort) },
  };
};

/** A child that learns by its IPC channel when the stack is gone, and then ends by itself. */
export const superviseNodeProgram = (options: NodeProgramOptions): Program => {
  const { name, entry, port, environment, settings, record } = options;
  const logFile = join(settings.logsDir, `${name}.log`);
  // What the user allows stands beside the stack's own addresses.
  const allowed = [environment, settings.env]
    .map((source) => source['DURABASE_OUTGOING_ALLOW'])
    .filter((list) => list !== undefined && list !== '');
  const inherited = Object.fromEntries(Object.entries(settings.env).filter(([key]) => !STACK_SETTINGS.includes(key)));
  return superviseProgram({
    name,
    spawn: () =>
      spawnLogged({
        name: entry,
        command: process.execPath,
        args: [entry],
        env: { ...inherited, ...environment, DURABASE_OUTGOING_ALLOW: allowed.join(',') },
        cwd: settings.projectDir,
        logFile,
        ipc: true,
        onLine: settings.isVerbose ? (line) => settings.log(`[${name}] ${line}`) : undefined,
      }),
    isReady: () => isListening(port),
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopSteps: STOP_STEPS,
    logFile,
    record,
    log: settings.log,
  });
};
