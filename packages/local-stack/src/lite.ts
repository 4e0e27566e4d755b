import { App, type DefaultAppConfig } from '@supabase/lite';
import { createPostgresConnection, type PostgresConnection } from '@supabase/lite/postgres';

export interface LiteConfig {
  readonly jwtSecret: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly siteUrl: string;
  readonly schemas: readonly string[];
}

const MAX_ROWS = 1000;
const TOKEN_SECONDS = 3600;
const JSON_OID = 114;
const JSONB_OID = 3802;

export const connectLite = (url: string, maxConnections: number): PostgresConnection =>
  createPostgresConnection({
    url,
    postgresOptions: {
      max: maxConnections,
      onnotice: () => {},
      types: { json: jsonType(JSON_OID), jsonb: jsonType(JSONB_OID) },
    },
  });

export const createLite = (connection: PostgresConnection, config: LiteConfig): App<DefaultAppConfig, PostgresConnection> =>
  new App({
    connection,
    api: { schemas: [...config.schemas], max_rows: MAX_ROWS },
    auth: {
      enabled: true,
      jwt_secret: config.jwtSecret,
      publishable_key: config.publishableKey,
      secret_key: config.secretKey,
      site_url: config.siteUrl,
      jwt_expiry: TOKEN_SECONDS,
      email: { enable_confirmations: false },
    },
  });

/** lite hands over arguments that are JSON text already; serialising them again would make strings of them. */
const jsonType = (oid: number) => ({
  to: oid,
  from: [oid],
  parse: (text: string): unknown => JSON.parse(text),
  serialize: (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)),
});
