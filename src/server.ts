import { createServer } from 'node:http';
import { join } from 'node:path';
import { ACTIONS } from '@durabase/contracts';
import { createApp } from './api/app.ts';
import type { DashboardOptions } from './api/dashboard/create-dashboard.ts';
import { readFiles } from './api/dashboard/read-files.ts';
import { drain } from './api/drain.ts';
import { listen } from './api/listen.ts';
import { createWake } from './api/wake-dispatchers.ts';
import { type Config, readConfig } from './config.ts';
import { createCompile } from './domain/plan/compile-for-workspace.ts';
import { createCatalog } from './domain/plan/create-catalog.ts';
import { createDb } from './platform/db/create-db.ts';
import { listen as listenToDatabase } from './platform/db/listen.ts';
import { fromSqlError, isConflict } from './platform/db/sql-errors.ts';
import { createHttpClient } from './platform/http/index.ts';
import { createJsonSchema } from './platform/json-schema/index.ts';
import { createLog } from './platform/log/create-log.ts';
import { createConfigSecrets } from './platform/secrets/config-secrets.ts';
import { onStop } from './platform/stop-signals.ts';
import { createUploads, hostOf } from './platform/supabase/create-uploads.ts';
import { createVerifyToken } from './platform/supabase/verify-token.ts';
import { createCodecPort } from './platform/temporal/create-codec-port.ts';
import { decodeKeys } from './platform/temporal/decode-keys.ts';
import type { HttpPort } from './ports/http.ts';
import type { Log } from './ports/log.ts';
import type { UploadsPort } from './ports/uploads.ts';

/** On which the sequencer says that changes have got their numbers. */
const CHANGES_CHANNEL = 'durabase_changes';
/** Where `npm run build` puts the pages. */
const DASHBOARD = join(import.meta.dirname, '../packages/dashboard/dist');

async function start(config: Config, log: Log): Promise<void> {
  const db = createDb({
    url: config.DURABASE_DATABASE_URL,
    applicationName: 'durabase-api',
    poolSize: config.DURABASE_DATABASE_POOL_SIZE,
    ...(config.DURABASE_DATABASE_ROLE === undefined ? {} : { setRole: config.DURABASE_DATABASE_ROLE }),
    log,
  });
  const http = createHttpClient({ allow: [hostOf(config.DURABASE_SUPABASE_URL)] });
  const schemas = createJsonSchema({});
  const compile = createCompile({
    actions: createCatalog(ACTIONS),
    secrets: createConfigSecrets(config.DURABASE_SECRETS ?? {}),
    schemas,
  });
  const app = createApp(
    {
      db,
      sqlErrors: { fromSqlError, isConflict },
      log,
      verifyToken: createVerifyToken({
        supabaseUrl: config.DURABASE_SUPABASE_URL,
        ...(config.DURABASE_ENVIRONMENT === 'local' && config.DURABASE_JWT_SECRET !== undefined
          ? { localSecret: config.DURABASE_JWT_SECRET }
          : {}),
      }),
      compile,
      checkInput: schemas.checkValue,
      listenForChanges: (onNews) =>
        listenToDatabase({ url: config.DURABASE_DATABASE_URL, channel: CHANGES_CHANNEL, log }, onNews),
      wake: createWake({ db, log }),
      codec: createCodecPort(decodeKeys(config.DURABASE_CODEC_KEYS)),
      uploads: openUploads(http, config),
    },
    config,
    { dashboard: await openDashboard(config, log) },
  );
  const server = createServer(app.handle);
  const address = await listen(server, { host: config.DURABASE_HOST, port: config.DURABASE_PORT });
  onStop(log, async () => {
    const drained = drain(server, { graceMs: config.DURABASE_SHUTDOWN_GRACE_MS });
    app.endStreams(); // no new connections are taken any more: clients come back elsewhere
    await drained;
    await schemas.close();
    await http.close();
    await db.close();
  });
  log.info('server.listening', { ...address });
}

function openUploads(
  http: HttpPort,
  {
    DURABASE_UPLOAD_BUCKET: bucket,
    DURABASE_SECRET_KEY: secretKey,
    DURABASE_SUPABASE_URL: supabaseUrl,
    DURABASE_SUPABASE_PUBLIC_URL: publicUrl,
    DURABASE_UPLOAD_MAX_BYTES: maxBytes,
  }: Config,
): UploadsPort | undefined {
  if (bucket === undefined || secretKey === undefined) return undefined;
  return createUploads({ http, supabaseUrl, publicUrl, secretKey, bucket, maxBytes });
}

async function openDashboard(config: Config, log: Log): Promise<DashboardOptions> {
  const files = await readFiles(DASHBOARD);
  if (files === undefined) log.warn('dashboard.not-built', { folder: DASHBOARD });
  const { DURABASE_TEMPORAL_UI_URL: webUrl, DURABASE_TEMPORAL_NAMESPACE: namespace } = config;
  return {
    files,
    settings: {
      supabaseUrl: config.DURABASE_SUPABASE_PUBLIC_URL ?? config.DURABASE_SUPABASE_URL,
      publishableKey: config.DURABASE_PUBLISHABLE_KEY ?? '',
      temporal: webUrl === undefined ? undefined : { webUrl, namespace },
    },
  };
}

/** Before there is a log: the level and form of the log stand in what could not be read. */
function readConfigOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

const config = readConfigOrExit();
const log = createLog({ level: config.DURABASE_LOG_LEVEL, format: config.DURABASE_LOG_FORMAT, program: 'api' });
start(config, log).catch((error: Error) => {
  log.error('server.not-started', { reason: error.message });
  process.exitCode = 1;
});
