import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createDb } from '../../../src/platform/db/create-db.ts';
import { createFeeds } from '../../../src/platform/feeds/create-feeds.ts';
import { silentLog } from '../../api/support/silent-log.ts';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import { createWorkspace, type Workspace } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('kept calls', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const claim = (client: pg.ClientBase, key: string, body: object = { a: 1 }, operation = 'make') =>
    callValue<unknown>(client, 'durabase_private.claim_call', { p_operation: operation, p_key: key, p_body: body });
  const keep = (client: pg.ClientBase, key: string, answer: unknown, operation = 'make') =>
    client.query('select durabase_private.keep_answer($1, $2, $3::jsonb)', [operation, key, JSON.stringify(answer)]);
  const as = <Result>(work: (client: pg.ClientBase) => Promise<Result>, user = acme.users.editor) => asUser(db.owner, user, work);
  const doOnce = (key: string, user?: string) =>
    as(async (client) => {
      if ((await claim(client, key)) === null) await keep(client, key, { made: 1 });
    }, user);
  const stored = (key: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase_private.kept_calls where key = $1', [key]);

  it('give the first caller nothing, and everybody who asks again what was kept', async () => {
    const key = randomUUID();
    await as(async (client) => {
      expect(await claim(client, key)).toBeNull();
      await keep(client, key, { made: 1 });
    });
    expect(await as((client) => claim(client, key))).toEqual({ made: 1 });
  });

  it('know a body whatever the order of its fields', async () => {
    const key = randomUUID();
    await as(async (client) => {
      await claim(client, key, { a: 1, b: [2, { c: 3, d: 4 }] });
      await keep(client, key, 'x');
    });
    expect(await as((client) => claim(client, key, { b: [2, { d: 4, c: 3 }], a: 1 }))).toBe('x');
    expect(await refusedAs(as((client) => claim(client, key, { a: 2 })))).toBe('409 IDEMPOTENCY_CONFLICT');
  });

  it('belong to one caller and one operation', async () => {
    const key = randomUUID();
    await doOnce(key);
    await doOnce(key, acme.users.admin);
    expect(await stored(key)).toBe(2);
    expect(await as((client) => claim(client, key, { a: 9 }, 'other'))).toBeNull();
    expect(await asService(db.owner, (client) => claim(client, key, { a: 9 }))).toBeNull();
  });

  it('are gone when the transaction that claimed them fails', async () => {
    const key = randomUUID();
    const fails = as(async (client) => {
      await claim(client, key);
      await keep(client, key, 'x');
      await client.query('select 1 / 0');
    });
    await expect(fails).rejects.toMatchObject({ code: '22012' });
    expect(await stored(key)).toBe(0);
    expect(await as((client) => claim(client, key, { a: 2 }))).toBeNull();
  });

  it('do not change any more, and are kept by whoever claimed them', async () => {
    const key = randomUUID();
    await doOnce(key);
    await expect(as((client) => keep(client, key, { made: 2 }))).rejects.toThrow('was not claimed');
    await expect(as((client) => keep(client, randomUUID(), 1))).rejects.toThrow('was not claimed');
    await expect(as((client) => keep(client, key, { made: 2 }), acme.users.admin)).rejects.toThrow('was not claimed');
    expect(await as((client) => claim(client, key))).toEqual({ made: 1 });
  });

  it.each(['', 'x'.repeat(201)])('refuse a key that is none: %j', async (key) => {
    expect(await refusedAs(as((client) => claim(client, key)))).toBe('422 INVALID_REQUEST');
  });

  it('are read and forgotten by nobody but our own functions', async () => {
    for (const sql of ['table durabase_private.kept_calls', 'select durabase_private.prune_calls()']) {
      expect(await refusedAs(as((client) => client.query(sql)))).toBe('42501');
      expect(await refusedAs(asService(db.owner, (client) => client.query(sql)))).toBe('42501');
    }
    expect(await refusedAs(asAnonymous(db.owner, (client) => claim(client, 'x')))).toBe('42501');
  });

  it('are forgotten by whoever keeps the feeds in order', async () => {
    const sqlDb = createDb({ url: db.urls.engineUrl, applicationName: 'test', log: silentLog });
    const feeds = createFeeds({ db: sqlDb, workerId: 'test' });
    while ((await feeds.prune()) > 0);
    await doOnce(randomUUID());
    await db.owner.query("update durabase_private.kept_calls set created_at = now() - interval '8 days'");
    const old = await readValue<number>(db.owner, 'select count(*)::int from durabase_private.kept_calls');
    expect(old).toBeGreaterThan(0);
    expect([await feeds.prune(), await feeds.prune()]).toEqual([old, 0]);
    await sqlDb.close();
  });

  it('are forgotten after seven days, as many at a time as one asks', async () => {
    await db.owner.query('delete from durabase_private.kept_calls');
    const keys = Array.from({ length: 5 }, () => randomUUID());
    for (const key of keys) await doOnce(key);
    await db.owner.query("update durabase_private.kept_calls set created_at = now() - interval '6 days 23 hours'");
    expect(await readValue(db.engine, 'select durabase_private.prune_calls()')).toBe(0);
    await db.owner.query(
      "update durabase_private.kept_calls set created_at = now() - interval '7 days 1 minute' where key <> $1",
      [keys[0]],
    );
    expect(await readValue(db.engine, 'select durabase_private.prune_calls(p_limit => 3)')).toBe(3);
    expect(await readValue(db.engine, 'select durabase_private.prune_calls()')).toBe(1);
    expect(await stored(keys[0] ?? '')).toBe(1);
    expect(await as((client) => claim(client, keys[1] ?? '', { a: 'new' }))).toBeNull();
  });
});
