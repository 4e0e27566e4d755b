import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { migrate } from '../../packages/local-stack/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { makeTempFolder, NOTES_MIGRATION, writeMigrations } from './temp-folder.ts';
import { startTestStack, type TestStack } from './test-stack.ts';

const PASSWORD = 'correct horse battery';
const folder = makeTempFolder();
const migrationsDir = writeMigrations(folder.path, NOTES_MIGRATION);
let test: TestStack;

beforeAll(async () => {
  test = await startTestStack({ migrationsDir });
});

afterAll(async () => {
  await test.destroy();
  folder.remove();
});

const connect = (key: string) =>
  createClient(test.stack.urls.supabase, key, {
    db: { schema: 'durabase' },
    auth: { persistSession: false, autoRefreshToken: false },
  });

const signUp = async (email: string): Promise<ReturnType<typeof connect>> => {
  const client = connect(test.stack.keys.publishable);
  const { error } = await client.auth.signUp({ email, password: PASSWORD });
  expect(error).toBeNull();
  return client;
};

const asOwner = async (sql: string): Promise<void> => {
  const owner = new pg.Client({ connectionString: test.stack.urls.postgres });
  await owner.connect();
  try {
    await owner.query(sql);
  } finally {
    await owner.end();
  }
};

describe('the Supabase endpoint', () => {
  it('signs users up and in', async () => {
    await signUp('in@example.com');
    const { data, error } = await connect(test.stack.keys.publishable).auth.signInWithPassword({
      email: 'in@example.com',
      password: PASSWORD,
    });
    expect(error).toBeNull();
    expect(data.user?.email).toBe('in@example.com');
  });

  it('shows users their own rows only', async () => {
    const anna = await signUp('anna@example.com');
    const bert = await signUp('bert@example.com');
    expect((await anna.from('notes').insert({ body: "anna's" })).error).toBeNull();
    expect((await anna.from('notes').select('body')).data).toEqual([{ body: "anna's" }]);
    expect((await bert.from('notes').select('body')).data).toEqual([]);
  });

  it('refuses a column that is not granted', async () => {
    const carl = await signUp('carl@example.com');
    expect((await carl.from('notes').select('hidden')).error?.code).toBe('42501');
    expect((await carl.from('notes').insert({ body: 'x', hidden: 'y' })).error?.code).toBe('42501');
  });

  it('refuses tables to callers who have not signed in', async () => {
    const { error } = await connect(test.stack.keys.publishable).from('notes').select('id');
    expect(error?.code).toBe('42501');
  });

  it('serves requests without a profile from the schema durabase', async () => {
    const headers = { apikey: test.stack.keys.secret, 'content-type': 'application/json', prefer: 'return=representation' };
    const url = `${test.stack.urls.supabase}/rest/v1/notes`;
    const body = JSON.stringify({ body: 'plain', owner_id: crypto.randomUUID() });
    const written = await fetch(url, { method: 'POST', headers, body });
    expect(written.status).toBe(201);
    const read = await fetch(`${url}?select=body&body=eq.plain`, { headers });
    expect(await read.json()).toEqual([{ body: 'plain' }]);
  });

  it('answers a preflight from any page', async () => {
    const answer = await fetch(`${test.stack.urls.supabase}/rest/v1/notes`, {
      method: 'OPTIONS',
      headers: { origin: 'http://127.0.0.1:5173', 'access-control-request-headers': 'apikey,accept-profile' },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')).toBe('apikey,accept-profile');
  });

  it('says that it is healthy, and that there are no functions', async () => {
    const health = await fetch(`${test.stack.urls.supabase}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const call = await fetch(`${test.stack.urls.supabase}/functions/v1/hello`, { method: 'POST' });
    expect(call.status).toBe(404);
  });

  it('serves a table that a later migration adds', async () => {
    const client = connect(test.stack.keys.secret);
    expect((await client.from('later').select('id')).error?.code).toBe('PGRST205');
    const later = 'create table durabase.later (id integer); grant select on durabase.later to service_role;';
    writeFileSync(`${migrationsDir}/20260102000000_later.sql`, later);
    await migrate({ databaseUrl: test.stack.urls.postgres, migrationsDir });
    await eventually(async () => expect(await client.from('later').select('id')).toMatchObject({ error: null, data: [] }));
  });

  it('passes objects to functions as they are', async () => {
    await asOwner(
      "create function durabase.kind_of(value jsonb) returns text language sql immutable as 'select jsonb_typeof(value)'",
    );
    await test.stack.clearSchemaCache();
    const client = connect(test.stack.keys.secret);
    await eventually(async () => expect(await client.rpc('kind_of', { value: { a: 1 } })).toMatchObject({ data: 'object' }));
  });

  it('answers many first callers at once', async () => {
    await test.stack.programs.supabase.restart();
    const headers = { apikey: test.stack.keys.secret };
    const call = async (): Promise<number> =>
      (await fetch(`${test.stack.urls.supabase}/rest/v1/notes?select=id`, { headers })).status;
    expect(await Promise.all(Array.from({ length: 12 }, call))).toEqual(Array.from({ length: 12 }, () => 200));
  });

  it('starts again beside a table that was made meanwhile and that nobody may read', async () => {
    await asOwner('create table public.closed (id integer primary key); alter table public.closed enable row level security');
    await test.stack.programs.supabase.restart();
    expect((await connect(test.stack.keys.secret).from('notes').select('id')).error).toBeNull();
  });

  it('works again after Postgres was killed under load', async () => {
    const client = connect(test.stack.keys.secret);
    const calls = Array.from({ length: 20 }, () => client.from('notes').select('id'));
    await Promise.all([...calls, test.stack.programs.postgres.kill('SIGKILL')]);
    await eventually(async () => expect((await client.from('notes').select('id')).error).toBeNull(), { timeoutMs: 20_000 });
    expect(test.log).toContainEqual(expect.stringContaining('postgres ended unexpectedly (SIGKILL)'));
  });
});
