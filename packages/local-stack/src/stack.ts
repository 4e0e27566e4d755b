import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClosers, type Closers } from './closers.ts';
import { ensureDashboard } from './dashboard-build.ts';
import { notifySchemaChange, ROLE_NAMES } from './database.ts';
import { acquireLock } from './lock-file.ts';
import { describeEnvironment, superviseNodeProgram, type StackEnvironment } from './node-programs.ts';
import { assertPortsFree, freePorts, SERVICE_NAMES, type StackPorts } from './ports.ts';
import { stopLeftoverPostgres } from './postgres.ts';
import { makePrivateFolder } from './private-file.ts';
import { openProcessRecord, stopLeftovers, type ProcessRecord } from './process-record.ts';
import type { Program } from './program.ts';
import { loadSecrets, type StackSecrets } from './secrets.ts';
import { databaseUrl, startServers, type Servers } from './servers.ts';
import { StackError } from './stack-error.ts';
import {
  describeAddresses,
  readStackFile,
  removeStackFile,
  writeStackFile,
  type StackKeys,
  type StackTemporal,
  type StackUrls,
} from './stack-file.ts';
import { resolveStackOptions, type StackOptions, type StackSettings } from './stack-options.ts';

/** A running stack. */
export interface Stack {
  readonly stateDir: string;
  readonly ports: StackPorts;
  readonly urls: StackUrls;
  readonly keys: StackKeys;
  readonly temporal: StackTemporal;
  /** For an API or a worker that is started elsewhere. */
  readonly env: StackEnvironment;
  readonly programs: StackPrograms;
  startWorker(): Promise<void>;
  stopWorker(signal?: NodeJS.Signals): Promise<void>;
  restartWorker(): Promise<void>;
  killWorker(signal: NodeJS.Signals, options?: { readonly restart?: boolean }): Promise<void>;
  /** Makes the REST interface see changes of the schema, soon after. */
  clearSchemaCache(): Promise<void>;
  /** Stops everything, in order. */
  stop(): Promise<void>;
  /** Stops everything and deletes its data. */
  destroy(): Promise<void>;
}

export interface StackPrograms {
  readonly postgres: Program;
  readonly supabase: Program;
  readonly temporal: Program;
  /** Undefined when the stack was started without it. */
  readonly api: Program | undefined;
  readonly worker: Program | undefined;
}

export const lockPath = (stateDir: string): string => join(stateDir, 'stack.lock');
export const recordPath = (stateDir: string): string => join(stateDir, 'processes.json');
export const secretsPath = (stateDir: string): string => join(stateDir, 'secrets.json');

/** Starts Postgres, Temporal, REST and Auth, then API and worker; resolves when all of them serve. */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const settings = await resolveStackOptions(options);
  makePrivateFolder(settings.stateDir);
  mkdirSync(settings.logsDir, { recursive: true });
  const closers = createClosers();
  closers.add(takeLock(settings));
  try {
    return await boot(settings, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
};

const takeLock = ({ stateDir }: StackSettings): (() => void) => {
  const answer = acquireLock(lockPath(stateDir));
  if (answer.acquired) return answer.release;
  const file = readStackFile(stateDir);
  const addresses =
    file === undefined
      ? 'it is still starting'
      : describeAddresses(file)
          .map((row) => row.join(': '))
          .join('; ');
  throw new StackError(
    `A stack already runs on ${stateDir} (pid ${answer.holder.pid}; ${addresses}). Use that one, or stop it first.`,
  );
};

const boot = async (settings: StackSettings, closers: Closers): Promise<Stack> => {
  const { stateDir, ports, log } = settings;
  let publish = (): void => {};
  const record = openProcessRecord(recordPath(stateDir), () => publish());
  await stopLeftovers(record, log);
  await stopLeftoverPostgres(stateDir, log);
  await assertPortsFree(ports, usedServices(settings));
  const secrets = await loadSecrets(secretsPath(stateDir));
  if (settings.apiEntry !== undefined) await ensureDashboard(settings);
  const servers = await startServers({ settings, secrets, record, closers });
  const facts = describeStack(settings, { secrets, temporalAddress: servers.temporal.address });
  const [healthPort = 0] = await freePorts(1);
  const env = describeEnvironment({ ...facts, ports, healthPort });
  const { api, worker } = await startNodePrograms({ settings, record, closers, env, healthPort });
  const programs = {
    postgres: servers.postgres.program,
    supabase: servers.supabase,
    temporal: servers.temporal.program,
    api,
    worker,
  };
  publish = () => writeStackFile(stateDir, { pid: process.pid, ...facts, ports, pids: collectPids(programs) });
  publish();
  closers.add(() => {
    publish = () => {};
    removeStackFile(stateDir);
  });
  return createHandle({ settings, closers, servers, facts, env, programs });
};

const usedServices = ({ hasWebUi, apiEntry }: StackSettings): readonly (keyof StackPorts)[] =>
  SERVICE_NAMES.filter((name) => (name !== 'temporalUi' || hasWebUi) && (name !== 'api' || apiEntry !== undefined));

interface StackFacts {
  readonly urls: StackUrls;
  readonly keys: StackKeys;
  readonly temporal: StackTemporal;
}

const describeStack = (
  settings: StackSettings,
  { secrets, temporalAddress }: { readonly secrets: StackSecrets; readonly temporalAddress: string },
): StackFacts => {
  const { ports, hasWebUi, namespace, taskQueue } = settings;
  const localUrl = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    urls: {
      supabase: localUrl(ports.supabase),
      api: localUrl(ports.api),
      ...(hasWebUi ? { temporalUi: localUrl(ports.temporalUi) } : {}),
      postgres: databaseUrl(settings, { role: 'postgres', password: secrets.ownerPassword }),
      engine: databaseUrl(settings, { role: ROLE_NAMES.engine, password: secrets.enginePassword }),
      gateway: databaseUrl(settings, { role: ROLE_NAMES.gateway, password: secrets.gatewayPassword }),
    },
    keys: { publishable: secrets.publishableKey, secret: secrets.secretKey, jwtSecret: secrets.jwtSecret },
    temporal: { address: temporalAddress, namespace, taskQueue },
  };
};

interface NodeProgramsOptions {
  readonly settings: StackSettings;
  readonly record: ProcessRecord;
  readonly closers: Closers;
  readonly env: StackEnvironment;
  readonly healthPort: number;
}

const startNodePrograms = async (options: NodeProgramsOptions): Promise<Pick<StackPrograms, 'api' | 'worker'>> => {
  const { settings, record, closers, env, healthPort } = options;
  const { apiEntry, workerEntry, ports } = settings;
  const api =
    apiEntry === undefined
      ? undefined
      : superviseNodeProgram({ name: 'api', entry: apiEntry, port: ports.api, environment: env.server, settings, record });
  const worker =
    workerEntry === undefined
      ? undefined
      : superviseNodeProgram({ name: 'worker', entry: workerEntry, port: healthPort, environment: env.worker, settings, record });
  closers.add(async () => void (await Promise.all([api?.stop(), worker?.stop()])));
  const started = await Promise.allSettled([api?.start(), worker?.start()]);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { api, worker };
};

const collectPids = (programs: StackPrograms): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(programs).flatMap(([name, program]: [string, Program | undefined]) =>
      program?.pid === undefined ? [] : [[name, program.pid]],
    ),
  );

interface HandleOptions {
  readonly settings: StackSettings;
  readonly closers: Closers;
  readonly servers: Servers;
  readonly facts: StackFacts;
  readonly env: StackEnvironment;
  readonly programs: StackPrograms;
}

const createHandle = ({ settings, closers, servers, facts, env, programs }: HandleOptions): Stack => {
  const { stateDir, ports } = settings;
  const worker = (): Program => {
    if (programs.worker !== undefined) return programs.worker;
    throw new StackError('The stack was started without a worker. Start it with { worker: true }.');
  };
  return {
    stateDir,
    ports,
    ...facts,
    env,
    programs,
    startWorker: async () => worker().start(),
    stopWorker: async (signal) => worker().stop(signal),
    restartWorker: async () => worker().restart(),
    killWorker: async (signal, options) => worker().kill(signal, options),
    clearSchemaCache: () => notifySchemaChange(facts.urls.postgres),
    stop: () => closers.closeAll(),
    destroy: async () => {
      await closers.closeAll();
      await servers.postgres.destroy();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};
