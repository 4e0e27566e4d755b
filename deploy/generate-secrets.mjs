// Writes the secrets of docker-compose.yml: node deploy/generate-secrets.mjs [file, .env unless named]. Never changes a file that is there.
import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const TEN_YEARS = 10 * 365 * 24 * 60 * 60;
const hex = (bytes) => randomBytes(bytes).toString('hex');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const issuedAt = Math.floor(Date.now() / 1_000);
const claimsOf = (role) => ({ iss: 'supabase', role, iat: issuedAt, exp: issuedAt + TEN_YEARS });

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kid = randomUUID();
const shared = { kid, use: 'sig', alg: 'ES256', ext: true };
const privateJwk = { ...privateKey.export({ format: 'jwk' }), ...shared, key_ops: ['sign', 'verify'] };
const publicJwk = { ...publicKey.export({ format: 'jwk' }), ...shared, key_ops: ['verify'] };

const signToken = (role) => {
  const text = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(claimsOf(role))}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const jwtSecret = hex(32);
/** Realtime's administration knows the shared secret only. */
const signShared = (role) => {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claimsOf(role))}`;
  return `${text}.${createHmac('sha256', jwtSecret).update(text).digest('base64url')}`;
};

const groups = {
  'Passwords of databases and roles.': {
    POSTGRES_PASSWORD: hex(24),
    TEMPORAL_POSTGRES_PASSWORD: hex(24),
    DURABASE_ENGINE_PASSWORD: hex(24),
    DURABASE_GATEWAY_PASSWORD: hex(24),
  },
  'Keys that sign the tokens of users (Auth alone has the private one), and those that check them.': {
    JWT_KEYS: JSON.stringify([privateJwk]),
    JWT_JWKS: JSON.stringify({ keys: [publicJwk] }),
    JWT_SECRET: jwtSecret,
  },
  'Keys of the project: for pages and apps; for servers, with all rights.': {
    ANON_KEY: signToken('anon'),
    SERVICE_ROLE_KEY: signToken('service_role'),
  },
  'Inside Realtime.': {
    REALTIME_SECRET_KEY_BASE: hex(32),
    REALTIME_DB_ENC_KEY: hex(8),
    REALTIME_HEALTH_TOKEN: signShared('anon'),
  },
  'Encrypts what Temporal keeps. Without it, no history can be read again: keep a copy.': {
    DURABASE_CODEC_KEYS: JSON.stringify([{ id: 'k1', key: randomBytes(32).toString('base64') }]),
  },
};

const text = Object.entries(groups)
  .map(([title, entries]) =>
    [`# ${title}`, ...Object.entries(entries).map(([name, value]) => `${name}='${value}'`), ''].join('\n'),
  )
  .join('\n');
const file = process.argv[2] ?? '.env';
try {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${file} written; it holds every secret of this system: keep a copy where only you can read it\n`);
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  process.stderr.write(
    `${file} is there already and was not changed: delete it yourself for new secrets, volumes keep the old ones\n`,
  );
  process.exitCode = 1;
}
