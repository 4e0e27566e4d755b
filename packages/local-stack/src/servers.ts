import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Closers } from './closers.ts';
import { prepareDatabase, ROLE_NAMES, type PreparedDatabase } from './database.ts';
import { superviseNodeProgram } from './node-programs.ts';
import { freePorts } from './ports.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import type { ProcessRecord } from './process-record.ts';
import type { Program } from './program.ts';
import { rolePasswords, type StackSecrets } from './secrets.ts';
import { StackError } from './stack-error.ts';
import type { StackSettings } from './stack-options.ts';
import type { SupabaseOptions } from './supabase.ts';
import { findTemporal } from './temporal-binary.ts';
import { startTemporal, type TemporalServer } from './temporal.ts';

export interface ServerOptions {
  readonly settings: StackSettings;
  readonly secrets: StackSecrets;
  readonly record: ProcessRecord;
  readonly closers: Closers;
}

export interface Servers {
  readonly postgres: Postgres;
  readonly supabase: Program;
  readonly temporal: TemporalServer;
}

/** Starts the servers that are not ours, Temporal beside the database. */
export const startServers = async (options: ServerOptions): Promise<Servers> => {
  const [database, temporal] = await Promise.allSettled([startDatabaseSide(options), startTemporalSide(options)]);
  // Both have settled: nothing is still starting while the caller stops what has started.
  if (database.status === 'rejected') throw database.reason;
  if (temporal.status === 'rejected') throw temporal.reason;
  return { ...database.value, temporal: temporal.value };
};

export const databaseUrl = (
  { ports }: StackSettings,
  { role, password }: { readonly role: string; readonly password: string },
): string => `postgres://${role}:${password}@127.0.0.1:${ports.postgres}/postgres`;

const SUPABASE_SERVER = fileURLToPath(new URL('supabase-server.ts', import.meta.url));

const startDatabaseSide = async ({ settings, secrets, record, closers }: ServerOptions): Promise<Omit<Servers, 'temporal'>> => {
  const { stateDir, logsDir, migrationsDir, ports, log } = settings;
  const { ownerPassword, instanceId } = secrets;
  const logFile = join(logsDir, 'postgres.log');
  const postgres = await startPostgres({ stateDir, port: ports.postgres, ownerPassword, instanceId, logFile, log });
  closers.add(() => postgres.program.stop());
  const passwords = rolePasswords(secrets);
  const prepared = await prepareDatabase({ ownerUrl: postgres.ownerUrl, migrationsDir, passwords });
  reportMigrations(prepared, settings);
  const supabase = superviseSupabase({ settings, secrets, record });
  closers.add(() => supabase.stop());
  await supabase.start();
  return { postgres, supabase };
};

const superviseSupabase = ({ settings, secrets, record }: Omit<ServerOptions, 'closers'>): Program => {
  const port = settings.ports.supabase;
  const options: Omit<SupabaseOptions, 'log'> = {
    databaseUrl: databaseUrl(settings, { role: ROLE_NAMES.lite, password: secrets.litePassword }),
    realtimeDatabaseUrl: databaseUrl(settings, { role: ROLE_NAMES.realtime, password: secrets.realtimePassword }),
    port,
    jwtSecret: secrets.jwtSecret,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
  };
  const environment = { DURABASE_SUPABASE_SERVER: JSON.stringify(options) };
  return superviseNodeProgram({ name: 'supabase', entry: SUPABASE_SERVER, port, environment, settings, record });
};

const reportMigrations = ({ applied, edited, hasProductRoles }: PreparedDatabase, settings: StackSettings): void => {
  const { stateDir, migrationsDir, apiEntry, workerEntry, log } = settings;
  if (applied.length > 0) log(`applied ${applied.length} migration(s), the last one is ${applied.at(-1)}`);
  if (edited.length > 0)
    log(
      `edited after they were applied: ${edited.join(', ')}. For a database with the new text, stop the stack and delete ${stateDir}`,
    );
  if (hasProductRoles || (apiEntry === undefined && workerEntry === undefined)) return;
  throw new StackError(
    `No migration in ${migrationsDir} makes the roles ${ROLE_NAMES.engine} and ${ROLE_NAMES.gateway}, which API and worker log in as.`,
  );
};

const startTemporalSide = async ({ settings, record, closers }: ServerOptions): Promise<TemporalServer> => {
  const { stateDir, logsDir, ports, namespace, env, log } = settings;
  const { path, serverVersion } = await findTemporal({ env, onProgress: log });
  const [httpPort = 0, metricsPort = 0] = await freePorts(2);
  const temporal = await startTemporal({
    binaryPath: path,
    port: ports.temporal,
    uiPort: settings.hasWebUi ? ports.temporalUi : undefined,
    codecEndpoint: isEncrypted(settings) ? `http://127.0.0.1:${ports.api}/api/v1/codec` : undefined,
    httpPort,
    metricsPort,
    // The server writes its tables once and never migrates them: another version gets another file.
    dataFile: settings.keepsTemporalData ? join(stateDir, `temporal-${serverVersion}.db`) : undefined,
    namespace,
    cwd: stateDir,
    env,
    logFile: join(logsDir, 'temporal.log'),
    record,
    log,
  });
  closers.add(() => temporal.program.stop());
  return temporal;
};

/** Whether payloads pass a codec: without one, the Web UI reads them by itself. */
const isEncrypted = ({ apiEntry, env }: StackSettings): boolean =>
  apiEntry !== undefined && (env['DURABASE_CODEC_KEYS'] ?? '') !== '';
