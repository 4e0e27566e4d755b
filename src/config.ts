import { PlatformError } from '@durabase/contracts';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
/** A name for Temporal's worker versioning. */
const versionName = z
  .string()
  .min(1)
  .max(100)
  .refine((name) => !name.startsWith('__'), 'must not begin with "__": Temporal keeps that for itself');
const requestsPerMinute = z.coerce.number().int().min(1).max(10_000_000);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const jsonText = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('must be JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);

const secretEntries = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/),
  z.strictObject({ value: z.string().min(1), hosts: z.array(z.string().min(1)).min(1) }),
);

/**
 * Every setting, by its variable. Descriptions stand in `.env.example`, which is generated from here.
 * The only place that reads the environment.
 */
export const configSchema = z.strictObject({
  DURABASE_ENVIRONMENT: z
    .enum(['local', 'production'])
    .default('production')
    .describe('`local` accepts HS256 tokens and plain payloads.'),
  DURABASE_DATABASE_URL: z
    .string()
    .min(1)
    .describe('Postgres: role durabase_engine for the worker, durabase_gateway for the API.'),
  DURABASE_DATABASE_ROLE: z.string().optional().describe('Role to take after connecting, where a pooler needs another login.'),
  DURABASE_DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10).describe('Connections to Postgres at most.'),
  DURABASE_SUPABASE_URL: z.url().describe('URL of the Supabase project.'),
  DURABASE_SUPABASE_PUBLIC_URL: z
    .url()
    .optional()
    .describe('Where browsers reach the Supabase project, for the dashboard and uploads. Default: DURABASE_SUPABASE_URL.'),
  DURABASE_JWT_SECRET: z.string().min(32).optional().describe('HS256 secret of the local stack; never set elsewhere.'),
  DURABASE_SECRET_KEY: z
    .string()
    .min(20)
    .optional()
    .describe('Secret key of the Supabase project (sb_secret_…): who shows it is the service.'),
  DURABASE_UPLOAD_BUCKET: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Private bucket of Supabase Storage for uploads, with DURABASE_SECRET_KEY; without it, none are taken.'),
  DURABASE_UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(52_428_800)
    .describe('Longest file that may be uploaded, in bytes; give the bucket the same limit, which Storage holds to.'),
  DURABASE_PUBLISHABLE_KEY: z
    .string()
    .optional()
    .describe('Publishable key of the Supabase project, for pages served by the API.'),
  DURABASE_TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233').describe('host:port of the Temporal frontend.'),
  DURABASE_TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace.'),
  DURABASE_TEMPORAL_API_KEY: z.string().optional().describe('API key of Temporal Cloud; switches TLS on.'),
  DURABASE_TEMPORAL_TLS: z.stringbool().default(false).describe('TLS to Temporal.'),
  DURABASE_TEMPORAL_UI_URL: z
    .url()
    .optional()
    .describe("URL of Temporal's Web UI, to which the dashboard and the story of a run link; without it, they do not."),
  DURABASE_TASK_QUEUE: z.string().min(1).default('durabase').describe('Task queue of workflows and actions.'),
  DURABASE_DEPLOYMENT_NAME: versionName
    .refine((name) => !/[.:]/.test(name), 'must not contain "." or ":"')
    .optional()
    .describe("Name of the workers in Temporal's worker versioning, with DURABASE_BUILD_ID; without both there is none."),
  DURABASE_BUILD_ID: versionName
    .optional()
    .describe('Which build this worker is, with DURABASE_DEPLOYMENT_NAME: runs end on the build that began them.'),
  DURABASE_CODEC_KEYS: jsonText(
    z.array(z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), key: z.base64() })).min(1),
  )
    .optional()
    .describe('Keys of the payload codec as JSON: [{"id","key"}], 32 bytes in base64 each; the first encrypts, all decrypt.'),
  DURABASE_PLAIN_PAYLOADS: z.stringbool().default(false).describe('true: start without codec keys outside of the local stack.'),
  DURABASE_TEMPORAL_UI_ORIGINS: list
    .default([])
    .describe("Origins of Temporal's Web UI, whose pages may call the codec of the API, separated by commas."),
  DURABASE_SECRETS: jsonText(secretEntries)
    .optional()
    .describe('Secrets for tasks as JSON: {"NAME": {"value", "hosts": ["api.example.com"]}}.'),
  DURABASE_OUTGOING_ALLOW: list
    .default([])
    .describe('Private addresses that actions may call: host:port or CIDR, separated by commas.'),
  DURABASE_CORS_ORIGINS: list
    .default([])
    .describe(
      'Origins of pages that may read what the API answers, separated by commas; the local stack lets in pages of this machine.',
    ),
  DURABASE_TRUSTED_PROXIES: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('How many proxies stand before the API: so many entries of X-Forwarded-For, from the right, are believed.'),
  DURABASE_RATE_LIMIT_CALLER: requestsPerMinute
    .optional()
    .describe(
      'Requests a minute that one user or API key may make, for each process; unset: 6000, in the local stack any number.',
    ),
  DURABASE_RATE_LIMIT_ADDRESS: requestsPerMinute
    .optional()
    .describe(
      'Requests a minute from one address, refused credentials counting tenfold; unset: 12000, in the local stack any number.',
    ),
  DURABASE_RATE_LIMIT_WITHOUT_LOGIN: requestsPerMinute
    .optional()
    .describe(
      'Requests a minute from one address to what takes a token in place of a login; unset: 60, in the local stack any number.',
    ),
  DURABASE_HOST: z.string().default('127.0.0.1').describe('Address on which the API listens.'),
  DURABASE_PORT: port.default(3000).describe('Port of the API.'),
  DURABASE_HEALTH_PORT: port
    .default(9090)
    .describe('Port on which the worker answers healthz, readyz and metrics; 0: any free one.'),
  DURABASE_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  DURABASE_LOG_FORMAT: z.enum(['json', 'text']).default('json').describe('`text` for people.'),
  DURABASE_MAX_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(2)
    .max(10_000)
    .default(500)
    .describe('Workflows that a worker keeps in memory.'),
  DURABASE_MAX_CONCURRENT_STEPS: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Attempts that a worker makes at a time.'),
  DURABASE_MAX_OPENING_RUNS: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Runs between admission and opening, over all workers.'),
  DURABASE_SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('How long running attempts may go on when a worker stops, in milliseconds.'),
  DURABASE_WORKFLOW_BUNDLE: z.string().optional().describe('File with workflows bundled ahead by `npm run build`.'),
  DURABASE_RECONCILE_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(2_000)
    .describe('From one look at Temporal to the next, in milliseconds.'),
});

/** Settings of one process. */
export type Config = Readonly<z.infer<typeof configSchema>>;

const PREFIX = 'DURABASE_';
/** Variables of the local stack and of tests, which share the prefix. */
const OTHERS =
  /^DURABASE_(?:PORT_OFFSET|SUPABASE_PORT|POSTGRES_PORT|API_PORT|TEMPORAL_PORT|TEMPORAL_UI_PORT|TEMPORAL_BIN|CHROMIUM|TEST_.*|STATE_DIR)$/;

/** Reads the environment, refusing what it does not know. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const ours = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(PREFIX) && !OTHERS.test(name) && value !== '',
  );
  const parsed = configSchema.safeParse(Object.fromEntries(ours));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || issue.code}: ${issue.message}`);
    throw new PlatformError('INVALID_REQUEST', {
      message: `the configuration is not valid: ${problems.join('; ')}`,
      hint: 'see .env.example',
    });
  }
  const config = parsed.data;
  if (config.DURABASE_ENVIRONMENT === 'production' && config.DURABASE_JWT_SECRET !== undefined) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'DURABASE_JWT_SECRET is for the local stack only',
      hint: 'leave it out: tokens are verified by the JWKS of the project',
    });
  }
  if ((config.DURABASE_DEPLOYMENT_NAME === undefined) !== (config.DURABASE_BUILD_ID === undefined)) {
    const missing = config.DURABASE_BUILD_ID === undefined ? 'DURABASE_BUILD_ID' : 'DURABASE_DEPLOYMENT_NAME';
    throw new PlatformError('INVALID_REQUEST', {
      message: `${missing} is not set: worker versioning needs the name of the deployment and the build`,
      hint: 'set both, or none; see docs/deploying-workers.md',
    });
  }
  if (config.DURABASE_UPLOAD_BUCKET !== undefined && config.DURABASE_SECRET_KEY === undefined) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'DURABASE_SECRET_KEY is not set: uploads into DURABASE_UPLOAD_BUCKET are signed with it',
      hint: 'set both, or none; see docs/self-hosting.md',
    });
  }
  if (
    config.DURABASE_ENVIRONMENT === 'production' &&
    config.DURABASE_CODEC_KEYS === undefined &&
    !config.DURABASE_PLAIN_PAYLOADS
  ) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'DURABASE_CODEC_KEYS is not set: payloads would be readable in Temporal',
      hint: 'set keys, or DURABASE_PLAIN_PAYLOADS=true',
    });
  }
  return Object.freeze(config);
}
