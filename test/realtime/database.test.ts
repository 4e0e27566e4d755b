import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { asRole } from '../support/as-role.ts';
import { readValue } from '../support/call.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

let lostCount = 0;
const realtime = useRealtime({ onDatabaseLost: () => (lostCount += 1) });
const owner = () => realtime.db.owner;
const count = async (table: string): Promise<number> => Number(await readValue<string>(owner(), `select count(*) from ${table}`));

describe('the database', () => {
  it('keeps nothing for listeners while there are none', async () => {
    await realtime.send('nobody', 'x', {}, false);
    await owner().query("insert into news (id, title) values (1, 'x'); update news set title = 'y'; delete from news");
    expect([
      await count('realtime.subscription'),
      await count('realtime.message_outbox'),
      await count('realtime.change_outbox'),
    ]).toEqual([0, 0, 0]);
  });

  it('captures tables that somebody listens to, and no others', async () => {
    const raw = await realtime.raw();
    await raw.join('realtime:watch', { postgres_changes: [{ event: '*', schema: 'public', table: 'news' }] });
    await raw.find((frame) => frame.event === 'system');
    const { rows } = await owner().query<{ name: string }>(
      'select entity::regclass::text as name from realtime.subscription order by 1',
    );
    expect(rows.map(({ name }) => name)).toEqual(['news', 'realtime.messages']);
    const blocker = await owner().connect();
    await blocker.query("begin; insert into news (id) values (2); insert into keyless values ('x')");
    const { rows: captured } = await blocker.query<{ name: string }>(
      'select entity::regclass::text as name from realtime.change_outbox',
    );
    await blocker.query('rollback');
    blocker.release();
    expect(captured.map(({ name }) => name)).toEqual(['news']);
  });

  it('forgets what an endpoint that died has left', async () => {
    await realtime.stop();
    await owner().query("insert into realtime.subscription (entity) values ('news'::regclass), ('realtime.messages'::regclass)");
    await realtime.send('left', 'x', {}, false);
    await owner().query("insert into news (id, title) values (3, 'left')");
    expect([await count('realtime.message_outbox'), await count('realtime.change_outbox')]).toEqual([1, 1]);
    await realtime.restart();
    expect([
      await count('realtime.subscription'),
      await count('realtime.message_outbox'),
      await count('realtime.change_outbox'),
    ]).toEqual([0, 0, 0]);
  });

  it('lets the login of the endpoint do its work and no more', async () => {
    const { rows } = await owner().query(
      "select rolsuper, rolinherit, rolbypassrls, rolcreaterole from pg_roles where rolname = 'realtime_server'",
    );
    expect(rows).toEqual([{ rolsuper: false, rolinherit: false, rolbypassrls: false, rolcreaterole: false }]);
    for (const sql of [
      'select * from public.notes',
      'select * from durabase.task_runs',
      'select * from auth.users',
      'create table public.mine ()',
    ])
      await expect(asRole(owner(), { role: 'realtime_server' }, (client) => client.query(sql))).rejects.toThrow(
        /permission denied/,
      );
  });

  it.each(['anon', 'authenticated', 'service_role'])('lets %s not into the workings', async (role) => {
    for (const sql of [
      'select * from realtime.message_outbox',
      'insert into realtime.change_outbox (entity, operation) values (1, $$x$$)',
      'delete from realtime.subscription',
      'select realtime.follow_publication()',
      "select realtime.check_changes('service_role', '{}', '[]')",
      "select realtime.check_topic('service_role', '{}', 'a', '{}', '{}')",
      "select realtime.act_as('service_role', '{}', 'a')",
    ])
      await expect(asRole(owner(), { role }, (client) => client.query(sql))).rejects.toThrow(/permission denied/);
  });

  it('is asked little while nothing happens', async () => {
    await realtime.restart();
    const raw = await realtime.raw();
    await raw.join('realtime:idle', { postgres_changes: [{ event: '*', schema: 'public', table: 'news' }] });
    await raw.find((frame) => frame.event === 'system');
    const commits = async (): Promise<number> => {
      await owner().query('select pg_stat_force_next_flush()');
      return Number(
        await readValue<string>(owner(), 'select xact_commit from pg_stat_database where datname = current_database()'),
      );
    };
    const startMs = performance.now();
    const passed = (ms: number) =>
      eventually(() => expect(performance.now() - startMs).toBeGreaterThan(ms), { everyMs: 100, timeoutMs: ms + 1_000 });
    await passed(1_500); // the database counts the statements of the join a second late
    const before = await commits();
    await passed(5_500);
    expect((await commits()) - before).toBeLessThanOrEqual(5 * 4);
  });

  it('is not woken by each of a crowd of writers, and woken again when they are gone', async () => {
    const isPolled = () => readValue<boolean>(owner(), 'select bool_and(is_polled) from realtime.subscription');
    const raw = await realtime.raw();
    await raw.join('realtime:crowd');
    let n = 0;
    const sendTwenty = () =>
      Promise.all(Array.from({ length: 20 }, () => realtime.send('crowd', 'x', { id: String((n += 1)) }, false)));
    await eventually(
      async () => {
        await sendTwenty();
        expect(await isPolled()).toBe(true);
      },
      { everyMs: 1 },
    );
    for (let more = 0; more < 5; more += 1) await sendTwenty();
    const heard = () =>
      raw.frames.filter((frame) => frame.event === 'broadcast').map((frame) => (frame.payload['payload'] as { id: string }).id);
    await eventually(() => expect(heard()).toHaveLength(n));
    expect(new Set(heard())).toEqual(new Set(Array.from({ length: n }, (_, index) => String(index + 1))));
    await eventually(async () => expect(await isPolled()).toBe(false));
    await realtime.send('crowd', 'x', { id: 'alone' }, false);
    await eventually(() => expect(heard()).toContain('alone'));
  });

  it('is served by one endpoint at a time', async () => {
    const { rows } = await owner().query(
      "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    expect(rows).toHaveLength(1);
  });

  it('that is lost closes the sockets', async () => {
    const raw = await realtime.raw();
    await raw.join('realtime:lost');
    await owner().query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'durabase-realtime' and datname = current_database()",
    );
    await eventually(() => expect(raw.ws.readyState).toBe(raw.ws.CLOSED));
    await eventually(() => expect(lostCount).toBe(1));
    expect(realtime.log.some((line) => line.includes('the database is lost'))).toBe(true);
    await realtime.restart();
    const anna = newUser();
    await realtime.addMember('back', anna);
    const again = await realtime.raw();
    expect((await again.join('realtime:room:back', { private: true }, await realtime.token(anna))).payload['status']).toBe('ok');
  });
});
