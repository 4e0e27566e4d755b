import { readStackFile } from '../../../packages/local-stack/src/stack-file.ts';

/** Variables that name the Supabase to be tested; the first four belong together. Without them a local stack is started. */
export const CONFORMANCE_ENV = {
  url: 'DURABASE_CONFORMANCE_URL',
  publishableKey: 'DURABASE_CONFORMANCE_PUBLISHABLE_KEY',
  secretKey: 'DURABASE_CONFORMANCE_SECRET_KEY',
  /** As `postgres`, not through a transaction pooler. */
  databaseUrl: 'DURABASE_CONFORMANCE_DATABASE_URL',
  /** Optional: the HS256 secret of the project, for tests that need tokens of their own making. */
  jwtSecret: 'DURABASE_CONFORMANCE_JWT_SECRET',
  /** Optional, `true`: the migrations of the product are applied there and its schema `durabase` is exposed. */
  hasProduct: 'DURABASE_CONFORMANCE_PRODUCT',
  /** Set by the global setup: state folder of the local stack. */
  stackDir: 'DURABASE_CONFORMANCE_STACK_DIR',
} as const;

export interface ConformanceSettings {
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly databaseUrl: string;
  /** Undefined where tokens are signed with a key that nobody is given. */
  readonly jwtSecret: string | undefined;
  /** Whether the access to the product's own tables can be tried. */
  readonly hasProduct: boolean;
  /** Which column of the known differences holds. */
  readonly flavor: 'stack' | 'supabase';
}

const NAMED = ['url', 'publishableKey', 'secretKey', 'databaseUrl'] as const;

/** The Supabase that the environment names; undefined: none is named. */
export const readForeignSettings = (env: NodeJS.ProcessEnv): ConformanceSettings | undefined => {
  const given = NAMED.filter((key) => env[CONFORMANCE_ENV[key]] !== undefined);
  if (given.length === 0) return undefined;
  const missing = NAMED.filter((key) => !given.includes(key)).map((key) => CONFORMANCE_ENV[key]);
  if (missing.length > 0) throw new Error(`To test a Supabase by its URL set ${missing.join(', ')} as well`);
  const read = (key: (typeof NAMED)[number]): string => env[CONFORMANCE_ENV[key]] ?? '';
  return {
    url: read('url').replace(/\/+$/, ''),
    publishableKey: read('publishableKey'),
    secretKey: read('secretKey'),
    databaseUrl: read('databaseUrl'),
    jwtSecret: env[CONFORMANCE_ENV.jwtSecret],
    hasProduct: env[CONFORMANCE_ENV.hasProduct] === 'true',
    flavor: 'supabase',
  };
};

/** What the tests of this process talk to. */
export const readSettings = (env: NodeJS.ProcessEnv = process.env): ConformanceSettings => {
  const foreign = readForeignSettings(env);
  if (foreign !== undefined) return foreign;
  const { urls, keys } = readLocalStack(env);
  return {
    url: urls.supabase,
    publishableKey: keys.publishable,
    secretKey: keys.secret,
    databaseUrl: urls.postgres,
    jwtSecret: keys.jwtSecret,
    hasProduct: true,
    flavor: 'stack',
  };
};

/** Addresses of the local stack, also those that no other Supabase has. */
export const readLocalStack = (env: NodeJS.ProcessEnv = process.env): NonNullable<ReturnType<typeof readStackFile>> => {
  const stackDir = env[CONFORMANCE_ENV.stackDir];
  if (stackDir === undefined)
    throw new Error(`${CONFORMANCE_ENV.stackDir} is not set: this Jest project is not the one whose setup starts a stack`);
  const file = readStackFile(stackDir);
  if (file === undefined) throw new Error(`no stack runs on ${stackDir}`);
  return file;
};
