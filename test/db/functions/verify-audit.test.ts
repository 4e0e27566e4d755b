import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, startRun, type Workspace } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Head {
  readonly seal: number;
  readonly hash: string;
}

interface Verdict {
  readonly isIntact: boolean;
  readonly rows: number;
  readonly unsealed: number;
  readonly head: Head;
  readonly problemCount: number;
  readonly problems: readonly { readonly problem: string; readonly n?: number; readonly seal?: number }[];
}

describe('verify_audit', () => {
  const db = useDatabase();
  let acme: Workspace;
  let sealedNs: number[];

  const seal = async (limit = 10): Promise<readonly Head[]> => {
    const seals: Head[] = [];
    for (;;) {
      const made = await readValue<Head | null>(db.engine, 'select durabase_private.seal_audit($1)', [limit]);
      if (made === null) return seals;
      seals.push(made);
    }
  };
  const verify = (known?: Head): Promise<Verdict> =>
    readValue<Verdict>(db.owner, 'select durabase.verify_audit(null, $1, $2)', [known?.seal ?? null, known?.hash ?? null]);
  /** As somebody who owns the database and knows his way around. */
  const tamper = async (sql: string, values: readonly unknown[] = []): Promise<void> => {
    const client = await db.owner.connect();
    try {
      await client.query("set session_replication_role = 'replica'");
      await client.query(sql, [...values]);
    } finally {
      client.release(true);
    }
  };

  beforeEach(async () => {
    await tamper('truncate durabase_private.audit_seals, durabase_private.audit_unsealed');
    await tamper('delete from durabase.audit_log');
    acme = await createWorkspace(db.owner);
    const task = await createReadyTask(db.owner, acme.id);
    for (let i = 0; i < 25; i += 1) await startRun(db.owner, task);
    await seal();
    sealedNs = (await db.owner.query<{ n: string }>('select n from durabase.audit_log order by n')).rows.map(({ n }) =>
      Number(n),
    );
  });

  it('finds nothing in an untouched log, also with rows that wait for the sealer', async () => {
    await createReadyTask(db.owner, acme.id);
    expect(await verify()).toMatchObject({ isIntact: true, rows: 29, unsealed: 2, problems: [], head: { seal: 3 } });
  });

  it('seals each row once, whoever seals and whatever commits late', async () => {
    const late = await db.owner.connect();
    await late.query('begin');
    await late.query('select durabase.save_task(\'{"slug": "late"}\', $1)', [acme.id]);
    const busy = await createReadyTask(db.owner, acme.id);
    await Promise.all([
      ...Array.from({ length: 40 }, () => startRun(db.owner, busy)),
      ...Array.from({ length: 4 }, () => seal(3)),
    ]);
    await seal(3);
    await late.query('commit');
    late.release();
    await seal();
    expect(await verify()).toMatchObject({ isIntact: true, rows: 27 + 43, unsealed: 0 });
    expect(await readValue<number>(db.owner, 'select count(*)::int from durabase_private.audit_seals s, unnest(s.ns)')).toBe(
      27 + 43,
    );
  });

  it.each([
    ['at', "at + interval '1 microsecond'"],
    ['workspace_id', 'gen_random_uuid()'],
    ['actor_kind', "'service'"],
    ['actor_user_id', 'gen_random_uuid()'],
    ['actor_name', "'nobody'"],
    ['action', "'run.nothing'"],
    ['entity', "'cat'"],
    ['entity_id', "'other'"],
    ['details', `'{"task": "other"}'`],
  ])('names a row whose %s was altered', async (column, value) => {
    const n = sealedNs[12] ?? 0;
    await tamper(`update durabase.audit_log set ${column} = ${value} where n = $1`, [n]);
    expect((await verify()).problems).toEqual([{ problem: 'row was altered', n, seal: 2 }]);
  });

  it('names each of all rows when it alone was altered', async () => {
    for (const n of sealedNs) {
      await tamper("update durabase.audit_log set actor_name = actor_name || '.' where n = $1", [n]);
      expect((await verify()).problems.map((problem) => problem.n)).toEqual([n]);
      await tamper('update durabase.audit_log set actor_name = left(actor_name, -1) where n = $1', [n]);
    }
    expect((await verify()).isIntact).toBe(true);
  });

  it('names a row that was deleted, one that was slipped in, and one whose number was changed', async () => {
    const [first = 0, second = 0] = sealedNs;
    await tamper('delete from durabase.audit_log where n = $1', [first]);
    await tamper(
      "insert into durabase.audit_log (n, actor_kind, actor_name, action, entity, entity_id) overriding system value values (900001, 'user', 'x', 'x', 'x', 'x')",
    );
    await tamper(
      `with moved as (delete from durabase.audit_log where n = $1 returning *)
       insert into durabase.audit_log (n, at, workspace_id, actor_kind, actor_name, action, entity, entity_id, details)
       overriding system value select 900002, at, workspace_id, actor_kind, actor_name, action, entity, entity_id, details from moved`,
      [second],
    );
    expect((await verify()).problems).toEqual(
      expect.arrayContaining([
        { problem: 'row was deleted', n: first, seal: 1 },
        { problem: 'row was deleted', n: second, seal: 1 },
        { problem: 'row was never recorded', n: 900001 },
        { problem: 'row was never recorded', n: 900002 },
      ]),
    );
  });

  it.each([
    ['an edited seal', 'update durabase_private.audit_seals set hash = sha256(hash) where seal = 2', 'seal was altered', 2],
    [
      'an edited link',
      'update durabase_private.audit_seals set prev_hash = sha256(prev_hash) where seal = 3',
      'seal was altered',
      3,
    ],
    ['a removed seal', 'delete from durabase_private.audit_seals where seal = 2', 'seals are missing before this one', 3],
    [
      'a moved workspace',
      'update durabase_private.audit_seals set workspace_ids = array_fill(gen_random_uuid(), array[cardinality(ns)]) where seal = 1',
      'seal was altered',
      1,
    ],
  ])('names %s', async (_, sql, problem, number) => {
    await tamper(sql);
    expect((await verify()).problems).toContainEqual({ problem, seal: number });
  });

  it('sees a rewritten row with a rewritten seal, unless all later seals are rewritten too', async () => {
    const n = sealedNs[0] ?? 0;
    await tamper("update durabase.audit_log set actor_name = 'nobody' where n = $1", [n]);
    await tamper(
      `update durabase_private.audit_seals s set row_hashes = h.hashes, hash = durabase_private.hash_seal(s.seal, s.prev_hash, s.ns, s.workspace_ids, h.hashes)
       from (select array_agg(durabase_private.hash_audit_row(a) order by a.n) as hashes from durabase.audit_log a
             where a.n = any (select unnest(ns) from durabase_private.audit_seals where seal = 1)) h where s.seal = 1`,
    );
    expect((await verify()).problems).toContainEqual({ problem: 'seal was altered', seal: 2 });
  });

  it('sees an end that was cut off when it is told a head that was kept elsewhere', async () => {
    const { head } = await verify();
    await tamper(
      'delete from durabase.audit_log where n in (select unnest(ns) from durabase_private.audit_seals where seal = 3)',
    );
    await tamper('delete from durabase_private.audit_seals where seal = 3');
    expect((await verify()).isIntact).toBe(true);
    expect((await verify(head)).problems).toEqual([{ problem: 'the end of the chain was cut off or replaced', seal: 3 }]);
    expect((await verify({ seal: 2, hash: 'ff' })).isIntact).toBe(false);
  });

  it('tells admins of a workspace of its own rows only, and others nothing', async () => {
    const other = await createWorkspace(db.owner);
    await createReadyTask(db.owner, other.id);
    await seal();
    await tamper("update durabase.audit_log set actor_name = 'nobody' where workspace_id = $1", [other.id]);
    await tamper('delete from durabase.audit_log where n = $1', [sealedNs[3]]);
    const ask = (user: string, workspace: string | null) =>
      asUser(db.owner, user, async (client) => {
        const { rows } = await client.query<{ verdict: Verdict }>('select durabase.verify_audit($1) as verdict', [workspace]);
        return rows[0]?.verdict;
      });
    expect(await ask(acme.users.admin, acme.id)).toMatchObject({ problemCount: 1, problems: [{ n: sealedNs[3] }] });
    expect(await ask(other.users.owner, other.id)).toMatchObject({
      problemCount: 2, // saved, published
      problems: [{ problem: 'row was altered' }, { problem: 'row was altered' }],
    });
    expect(await refusedAs(ask(acme.users.editor, acme.id))).toBe('404 WORKSPACE_NOT_FOUND');
    expect(await refusedAs(ask(other.users.owner, acme.id))).toBe('404 WORKSPACE_NOT_FOUND');
    expect(await refusedAs(ask(acme.users.owner, null))).toBe('403 FORBIDDEN');
    const admin = await createUser(db.owner);
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
    expect(await ask(admin, null)).toMatchObject({ problemCount: 3 });
  });

  it.each([
    'update durabase_private.audit_seals set hash = hash',
    'delete from durabase_private.audit_seals',
    'truncate durabase_private.audit_seals',
  ])('refuses the owner of the tables: %s', async (sql) => {
    expect(await refusedAs(db.owner.query(sql))).toBe('403 FORBIDDEN');
  });
});
