import { beforeAll, describe, expect, it } from '@jest/globals';
import { asService, asUser, claimsOf } from '../../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, type Run, type Workspace } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Result {
  readonly run?: Run;
  readonly error?: { readonly sqlstate: string; readonly message: string; readonly detail: string; readonly hint: string };
}

describe('start_runs_as', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    await createReadyTask(db.owner, acme.id);
  });

  const submit = (calls: readonly object[]) =>
    callValue<Result[]>(db.gateway, 'durabase_private.start_runs_as', { p_calls: calls });
  const callOf = (userId: string, rest: object = {}) => ({
    role: 'authenticated',
    claims: JSON.stringify(claimsOf(userId)),
    task: 'greet',
    workspace: acme.id,
    ...rest,
  });
  const SERVICE = { role: 'service_role', claims: '{"role":"service_role"}', task: 'greet' };

  it('answers each call as its own caller, in their order', async () => {
    const results = await submit([
      callOf(acme.users.runner, { input: { n: 1 } }),
      callOf(acme.users.viewer),
      { ...SERVICE, workspace: acme.id },
      callOf(acme.users.editor, { input: { n: 2 }, priority: 1 }),
    ]);
    expect(results.map((result) => result.run?.actor_user_id ?? result.run?.actor_kind ?? result.error?.sqlstate)).toEqual([
      acme.users.runner,
      'PT403',
      'service',
      acme.users.editor,
    ]);
    expect(results[3]?.run).toMatchObject({ input: { n: 2 }, priority: 1 });
  });

  it('keeps accepted runs when others of the batch are refused', async () => {
    const results = await submit([
      callOf(acme.users.runner),
      callOf(acme.users.runner, { workspace: 'no uuid' }),
      callOf(acme.users.runner, { priority: 9 }),
    ]);
    expect(results[0]?.run).toBeDefined();
    expect(results.map((result) => result.error?.sqlstate)).toEqual([undefined, '22P02', 'PT422']);
    expect(await readValue(db.owner, 'select count(*)::int from durabase.task_runs where id = $1', [results[0]?.run?.id])).toBe(
      1,
    );
  });

  it('carries code and hint of a refusal', async () => {
    const [result] = await submit([callOf(acme.users.viewer)]);
    expect(JSON.parse(result?.error?.detail ?? '')).toEqual({ code: 'FORBIDDEN' });
    expect(result?.error?.hint).not.toBe('');
  });

  it('gives the same run for one key within a batch and across batches', async () => {
    const call = callOf(acme.users.runner, { idempotencyKey: 'one' });
    const results = [...(await submit([call, call])), ...(await submit([call]))];
    expect(new Set(results.map((result) => result.run?.id)).size).toBe(1);
  });

  it.each([
    ['a service', SERVICE],
    ['a user', () => callOf(acme.users.owner)],
    ['a refused call', { role: 'authenticated', claims: 'no json', task: 'greet' }],
  ])('does not leak the identity of %s to the next call', async (_, before) => {
    const first = typeof before === 'function' ? before() : before;
    const [, second] = await submit([first, { role: 'authenticated', task: 'greet', workspace: acme.id }]);
    expect(JSON.parse(second?.error?.detail ?? '{}')).toEqual({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    ['a service', SERVICE],
    ['a user', undefined],
  ])('leaves the session itself without the identity of %s', async (_, call) => {
    const client = await db.gateway.connect();
    try {
      await callValue(client, 'durabase_private.start_runs_as', { p_calls: [call ?? callOf(acme.users.owner)] });
      const { rows } = await client.query(
        "select current_user::text as who, current_setting('request.jwt.claims', true) as claims",
      );
      expect(rows[0].who).toBe('durabase_gateway');
      expect(rows[0].claims ?? '').toBe('');
      await client.query('begin');
      await callValue(client, 'durabase_private.start_runs_as', { p_calls: [call ?? callOf(acme.users.owner)] });
      const inside = await client.query(
        "select current_user::text as who, current_setting('request.jwt.claims', true) as claims",
      );
      await client.query('rollback');
      expect(inside.rows).toEqual([{ who: 'durabase_gateway', claims: '' }]);
    } finally {
      client.release();
    }
  });

  it.each(['postgres', 'anon', 'durabase_gateway', 'durabase_engine', 'none', '', null])('refuses the role %j', async (role) => {
    const [result] = await submit([{ ...SERVICE, role, workspace: acme.id }]);
    expect(result?.error).toMatchObject({ sqlstate: 'PT401' });
    expect(JSON.parse(result?.error?.detail ?? '{}')).toEqual({ code: 'UNAUTHENTICATED' });
  });

  it('refuses a call that names no role', async () => {
    const [result] = await submit([{ claims: '{"role":"service_role"}', task: 'greet', workspace: acme.id }]);
    expect(result?.error?.sqlstate).toBe('PT401');
  });

  it('does not make a privileged caller of the gateway itself', async () => {
    expect(await refusedAs(db.gateway.query("select durabase.start_run('greet', workspace => $1)", [acme.id]))).toBe('42501');
    expect(await refusedAs(db.gateway.query('select * from durabase.task_runs'))).toBe('42501');
    const actor = await readValue<boolean>(db.owner, "select pg_has_role('durabase_gateway', 'service_role', 'usage')");
    expect(actor).toBe(false);
  });

  it('is for the gateway only', async () => {
    const args = { p_calls: [callOf(acme.users.owner)] };
    const stranger = await createUser(db.owner);
    expect(
      await refusedAs(asUser(db.owner, stranger, (client) => callValue(client, 'durabase_private.start_runs_as', args))),
    ).toBe('42501');
    expect(await refusedAs(asService(db.owner, (client) => callValue(client, 'durabase_private.start_runs_as', args)))).toBe(
      '42501',
    );
    expect(await refusedAs(callValue(db.engine, 'durabase_private.start_runs_as', args))).toBe('42501');
  });

  it('answers an empty batch with an empty list', async () => {
    expect(await submit([])).toEqual([]);
  });
});
