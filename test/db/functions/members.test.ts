import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { addMember, createReadyTask, shareTask } from '../../support/build-rows.ts';
import { callRow, callRows, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';
import { NO_GRANT, type People, tellPeople, WHO, type Who } from '../support/tell-people.ts';

/** How an operation of admins ends for everybody. */
const FOR_ADMINS: Readonly<Record<Who, string>> = {
  owner: 'fine',
  admin: 'fine',
  editor: '403 FORBIDDEN',
  runner: '403 FORBIDDEN',
  viewer: '403 FORBIDDEN',
  stranger: '404 WORKSPACE_NOT_FOUND',
  instanceAdmin: 'fine',
  anonymous: NO_GRANT,
  service: 'fine',
};
const FOR_OWNERS = { ...FOR_ADMINS, admin: '403 FORBIDDEN' };

describe('members', () => {
  const db = useDatabase();
  let people: People;
  let other: string;

  beforeEach(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'nothing'");
    people = await tellPeople(db);
    other = await addMember(db.owner, { workspaceId: people.workspace.id, role: 'editor' });
  });

  const roleOf = (userId: string): Promise<string | undefined> =>
    readValue(db.owner, 'select role from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      people.workspace.id,
      userId,
    ]);
  const args = (rest: object) => ({ workspace: people.workspace.id, ...rest });
  const lostRights = (): Promise<number> =>
    readValue(db.owner, 'select count(*)::int from durabase_private.lost_rights where workspace_id = $1', [people.workspace.id]);

  describe('set_member_role', () => {
    it.each(Object.entries(FOR_ADMINS))('by %s is %s', async (who, answer) => {
      expect(await people.outcome(who as Who, 'set_member_role', args({ user_id: other, role: 'viewer' }))).toBe(answer);
      expect(await roleOf(other)).toBe(answer === 'fine' ? 'viewer' : 'editor');
      expect((await people.auditOf()).length).toBe(answer === 'fine' ? 1 : 0);
    });

    it.each(Object.entries(FOR_OWNERS))('to owner by %s is %s', async (who, answer) => {
      expect(await people.outcome(who as Who, 'set_member_role', args({ user_id: other, role: 'owner' }))).toBe(answer);
      expect(await roleOf(other)).toBe(answer === 'fine' ? 'owner' : 'editor');
    });

    it('of an owner is for owners, and the last one stays', async () => {
      const demote = { user_id: people.idOf('owner'), role: 'admin' };
      expect(await people.outcome('admin', 'set_member_role', args(demote))).toBe('403 FORBIDDEN');
      expect(await people.outcome('owner', 'set_member_role', args(demote))).toBe('409 LAST_OWNER');
      expect(await people.outcome('service', 'set_member_role', args(demote))).toBe('409 LAST_OWNER');
      await people.call('owner', 'set_member_role', args({ user_id: other, role: 'owner' }));
      expect(await people.outcome('owner', 'set_member_role', args(demote))).toBe('fine');
    });

    it('keeps one of two owners who step back at once', async () => {
      await people.call('owner', 'set_member_role', args({ user_id: other, role: 'owner' }));
      const client = await db.owner.connect();
      await client.query('begin');
      await callRow(client, 'durabase.set_member_role', args({ user_id: other, role: 'viewer' }));
      const second = people.outcome('service', 'set_member_role', args({ user_id: people.idOf('owner'), role: 'viewer' }));
      await eventually(async () =>
        expect(
          await readValue(db.owner, 'select count(*)::int from pg_locks where not granted and pid <> pg_backend_pid()'),
        ).toBeGreaterThan(0),
      );
      await client.query('commit');
      client.release();
      expect(await second).toBe('409 LAST_OWNER');
    });

    it('refuses unknown roles and people', async () => {
      expect(await people.outcome('owner', 'set_member_role', args({ user_id: other, role: 'king' }))).toBe(
        '422 INVALID_REQUEST',
      );
      expect(await people.outcome('owner', 'set_member_role', args({ user_id: people.idOf('stranger'), role: 'viewer' }))).toBe(
        '404 MEMBER_NOT_FOUND',
      );
    });

    it('writes nothing when the role is the same', async () => {
      await people.call('owner', 'set_member_role', args({ user_id: other, role: 'editor' }));
      expect([await people.auditOf(), await lostRights()]).toEqual([[], 0]);
    });
  });

  describe('remove_member', () => {
    it.each(Object.entries(FOR_ADMINS))('by %s is %s', async (who, answer) => {
      expect(await people.outcome(who as Who, 'remove_member', args({ user_id: other }))).toBe(answer);
      expect(await roleOf(other)).toBe(answer === 'fine' ? undefined : 'editor');
      expect((await people.auditOf()).length).toBe(answer === 'fine' ? 1 : 0);
    });

    it('takes his shares with it, and tells those who listen to ask again', async () => {
      const task = await createReadyTask(db.owner, people.workspace.id);
      await shareTask(db.owner, { taskId: task.id, userId: other, canRun: true });
      await people.call('admin', 'remove_member', args({ user_id: other }));
      const seen = await asUser(db.owner, other, (client) => client.query('select from durabase.tasks'));
      expect([seen.rowCount, (await lostRights()) > 0]).toEqual([0, true]);
    });

    it('of an owner is for owners, and the last one stays', async () => {
      expect(await people.outcome('admin', 'remove_member', args({ user_id: people.idOf('owner') }))).toBe('403 FORBIDDEN');
      expect(await people.outcome('instanceAdmin', 'remove_member', args({ user_id: people.idOf('owner') }))).toBe(
        '409 LAST_OWNER',
      );
    });
  });

  describe('leave_workspace', () => {
    it.each([
      ['owner', '409 LAST_OWNER'],
      ['admin', 'fine'],
      ['editor', 'fine'],
      ['runner', 'fine'],
      ['viewer', 'fine'],
      ['stranger', '404 WORKSPACE_NOT_FOUND'],
      ['instanceAdmin', '404 MEMBER_NOT_FOUND'],
      ['anonymous', NO_GRANT],
      ['service', '404 MEMBER_NOT_FOUND'],
    ] as const)('by %s is %s', async (who, answer) => {
      expect(await people.outcome(who, 'leave_workspace', args({}))).toBe(answer);
      expect(await people.auditOf()).toEqual(answer === 'fine' ? ['member.left by user'] : []);
    });
  });

  describe('transfer_ownership', () => {
    it.each(Object.entries(FOR_OWNERS))('by %s is %s', async (who, answer) => {
      expect(await people.outcome(who as Who, 'transfer_ownership', args({ user_id: other }))).toBe(answer);
      const roles = [await roleOf(other), await roleOf(people.idOf('owner'))];
      expect(roles).toEqual(answer === 'fine' ? ['owner', 'admin'] : ['editor', 'owner']);
      expect((await people.auditOf()).length).toBe(answer === 'fine' ? 1 : 0);
    });

    it('goes to a member only', async () => {
      expect(await people.outcome('owner', 'transfer_ownership', args({ user_id: people.idOf('stranger') }))).toBe(
        '404 MEMBER_NOT_FOUND',
      );
    });

    it('makes a personal workspace one like others', async () => {
      await db.owner.query('update durabase.workspaces set personal_user_id = $2 where id = $1', [
        people.workspace.id,
        people.idOf('owner'),
      ]);
      const row = await people.call<{ personal_user_id: string | null }>('owner', 'transfer_ownership', args({ user_id: other }));
      expect(row.personal_user_id).toBeNull();
    });
  });

  describe('list_members', () => {
    const listAs = async (who: Who) => {
      const rows = await asUser(db.owner, people.idOf(who), (client) =>
        callRows<{ user_id: string; email: string | null }>(client, 'durabase.list_members', args({})),
      );
      return [rows.length, rows.filter(({ email }) => email !== null).map(({ user_id }) => user_id === people.idOf(who))];
    };
    it('shows members to members, addresses to admins, and runners themselves', async () => {
      expect((await listAs('admin'))[0]).toBe(6);
      expect(((await listAs('admin'))[1] as unknown[]).length).toBe(6);
      expect(await listAs('viewer')).toEqual([6, [true]]);
      expect(await listAs('runner')).toEqual([1, [true]]);
      expect(await people.outcome('stranger', 'list_members', args({}))).toBe('404 WORKSPACE_NOT_FOUND');
      expect(await people.outcome('anonymous', 'list_members', args({}))).toBe(NO_GRANT);
    });

    it('comes in pages', async () => {
      const seen: string[] = [];
      let after: { user_id: string; created_at: Date } | undefined;
      do {
        const [row] = await callRows<{ user_id: string; created_at: Date }>(
          db.owner,
          'durabase.list_members',
          args({ page_limit: 1, after_at: after && (await exactOf(after.user_id)), after_id: after?.user_id }),
        );
        after = row;
        if (row !== undefined) seen.push(row.user_id);
      } while (after !== undefined);
      expect(new Set(seen).size).toBe(WHO.length - 3);
    });
    /** Dates of JavaScript have no microseconds. */
    const exactOf = (userId: string): Promise<string> =>
      readValue(db.owner, 'select created_at::text from durabase.workspace_members where user_id = $1', [userId]);
  });
});
