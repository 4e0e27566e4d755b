import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../../support/as-role.ts';
import { addMember, createWorkspace, type Workspace } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

interface EmittedEvent {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly data: unknown;
  readonly actor_user_id: string | null;
}

describe('emit_event', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const emit =
    (args: Readonly<Record<string, unknown>>) =>
    (client: pg.ClientBase): Promise<EmittedEvent> =>
      callRow<EmittedEvent>(client, 'durabase.emit_event', { workspace: acme.id, ...args });
  const emitAs = (userId: string, args: Readonly<Record<string, unknown>>) => asUser(db.owner, userId, emit(args));
  const asRunner = (args: Readonly<Record<string, unknown>>) => emitAs(acme.users.runner, args);
  const deedsOf = (eventId: string) =>
    readValue<number>(db.owner, "select count(*)::int from durabase_private.deeds where other_id = $1 and kind = 'event'", [
      eventId,
    ]);

  it('writes the event, one deed, one audit row, and tells the feeds of the workspace and of him who emitted it', async () => {
    const event = await asRunner({ name: 'order.paid', data: { orderId: 'A1' } });
    expect(event).toMatchObject({
      workspace_id: acme.id,
      name: 'order.paid',
      data: { orderId: 'A1' },
      actor_user_id: acme.users.runner,
    });
    expect(await deedsOf(event.id)).toBe(1);
    expect(await story.auditOf(event.id)).toEqual(['event.emitted by user']);
    await readValue(db.engine, 'select durabase_private.sequence_changes()');
    const told = async (userId: string, feed: string) =>
      (
        await asUser(db.owner, userId, (client) =>
          client.query('select kind, state, version::int from durabase.changes_since($1) where id = $2', [feed, event.id]),
        )
      ).rows;
    const change = [{ kind: 'event', state: 'order.paid', version: 1 }];
    expect(await told(acme.users.editor, `workspace:${acme.id}`)).toEqual(change);
    expect(await told(acme.users.runner, `own:${acme.id}`)).toEqual(change);
    const colleague = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
    expect(await told(colleague, `own:${acme.id}`)).toEqual([]);
  });

  it('takes no data for an empty object, and the only workspace of the caller when he names none', async () => {
    const event = await asUser(db.owner, acme.users.editor, (client) =>
      callRow<EmittedEvent>(client, 'durabase.emit_event', { name: 'a', workspace: acme.id, data: null }),
    );
    expect(event.data).toEqual({});
    const guest = await addMember(db.owner, { workspaceId: acme.id, role: 'runner' });
    await db.owner.query('delete from durabase.workspaces where personal_user_id = $1', [guest]);
    const own = await asUser(db.owner, guest, (client) => callRow<EmittedEvent>(client, 'durabase.emit_event', { name: 'b' }));
    expect(own.workspace_id).toBe(acme.id);
  });

  describe('with an idempotency key', () => {
    it('makes one event of any number of calls, also at the same time', async () => {
      const args = { name: 'order.sent', data: { n: 1 }, idempotency_key: 'sent-1' };
      const events = await Promise.all(Array.from({ length: 12 }, () => asRunner(args)));
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      expect(await deedsOf(events[0]?.id ?? '')).toBe(1);
      expect(await story.auditOf(events[0]?.id ?? '')).toHaveLength(1);
    });

    it.each([
      ['another name', { name: 'other', data: { n: 1 } }],
      ['other data', { name: 'order.sent', data: { n: 2 } }],
    ])('refuses %s', async (_, args) => {
      await asRunner({ name: 'order.sent', data: { n: 1 }, idempotency_key: `k-${args.name}-${args.data.n}` });
      expect(await refusalOf(asRunner({ ...args, idempotency_key: `k-${args.name}-${args.data.n}` }))).toMatchObject({
        sqlstate: 'PT409',
        code: 'IDEMPOTENCY_CONFLICT',
        path: 'idempotency_key',
      });
    });

    it('shows the event to nobody by its key who may not see it otherwise', async () => {
      const args = { name: 'order.sent', data: {}, idempotency_key: 'secret' };
      const event = await emitAs(acme.users.editor, args);
      expect(await refusedAs(asRunner(args))).toBe('409 IDEMPOTENCY_CONFLICT');
      expect((await emitAs(acme.users.admin, args)).id).toBe(event.id);
    });

    it('keeps keys of other workspaces apart', async () => {
      const other = await createWorkspace(db.owner, 'other');
      const args = { name: 'x', idempotency_key: 'same' };
      const [mine, theirs] = [
        await emitAs(acme.users.owner, args),
        await emitAs(other.users.owner, { ...args, workspace: other.id }),
      ];
      expect(mine.id).not.toBe(theirs.id);
    });
  });

  it.each([
    ['no name', { name: null }, '422 INVALID_REQUEST', 'name'],
    ['an empty name', { name: '' }, '422 INVALID_REQUEST', 'name'],
    ['a name that begins with a dot', { name: '.paid' }, '422 INVALID_REQUEST', 'name'],
    ['a name with a space', { name: 'order paid' }, '422 INVALID_REQUEST', 'name'],
    ['a name of 128 characters', { name: 'x'.repeat(128) }, '422 INVALID_REQUEST', 'name'],
    ['data that is a list', { name: 'x', data: [1] }, '422 INVALID_REQUEST', 'data'],
    ['data of more than 256 KiB', { name: 'x', data: { text: 'x'.repeat(262_144) } }, '413 BODY_TOO_LARGE', 'data'],
    ['an empty key', { name: 'x', idempotency_key: '' }, '422 INVALID_REQUEST', 'idempotency_key'],
    ['a key of 201 characters', { name: 'x', idempotency_key: 'x'.repeat(201) }, '422 INVALID_REQUEST', 'idempotency_key'],
  ])('refuses %s', async (_, args, refusal, path) => {
    const call = () => asRunner(args);
    expect(await refusedAs(call())).toBe(refusal);
    expect((await refusalOf(call())).path).toBe(path);
  });

  it('takes a name of 127 characters and data of just 256 KiB', async () => {
    const text = 'x'.repeat(262_144 - '{"text": ""}'.length);
    expect((await asRunner({ name: `a${'/'.repeat(126)}`, data: { text } })).name).toHaveLength(127);
  });

  it('tells nothing when its transaction is rolled back', async () => {
    const client = await db.owner.connect();
    await client.query('begin');
    const { id } = await emit({ name: 'never' })(client);
    await client.query('rollback');
    client.release();
    expect([await deedsOf(id), await story.auditOf(id)]).toEqual([0, []]);
  });
});
