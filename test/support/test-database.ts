import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { TEST_ENV } from './test-env.ts';

/** A database of its own, with migrations and seed applied. */
export interface TestDatabase {
  /** Superuser. */
  readonly ownerUrl: string;
  /** The role of the API. */
  readonly gatewayUrl: string;
  /** The role of the worker. */
  readonly engineUrl: string;
  /** The login of REST and Auth. */
  readonly liteUrl: string;
  /** The login of Realtime. */
  readonly realtimeUrl: string;
  /** Cuts off whoever is still connected. */
  drop(): Promise<void>;
}

/** Clones the template that the global setup made. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const serverUrl = readTestEnv('ownerUrl');
  const name = `durabase_test_${randomBytes(6).toString('hex')}`;
  await runOnServer(serverUrl, `create database ${name} template ${readTestEnv('templateName')}`);
  const urlOf = (role?: string): string => {
    const url = new URL(serverUrl);
    url.pathname = name;
    if (role !== undefined) Object.assign(url, { username: role, password: readTestEnv('rolePassword') });
    return url.href;
  };
  return {
    ownerUrl: urlOf(),
    gatewayUrl: urlOf('durabase_gateway'),
    engineUrl: urlOf('durabase_engine'),
    liteUrl: urlOf('lite_api'),
    realtimeUrl: urlOf('realtime_server'),
    drop: () => runOnServer(serverUrl, `drop database if exists ${name} with (force)`),
  };
};

/** What the global setup told the processes of the tests. */
export const readTestEnv = (key: keyof typeof TEST_ENV): string => {
  const value = process.env[TEST_ENV[key]];
  if (value === undefined)
    throw new Error(`${TEST_ENV[key]} is not set: the global setup of this Jest project starts no such server`);
  return value;
};

const runOnServer = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};
