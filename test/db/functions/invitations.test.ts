import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { addMember, createUser } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { NO_GRANT, type People, tellPeople, type Who } from '../support/tell-people.ts';

interface Invited {
  readonly id: string;
  readonly invited_email: string;
  readonly token: string;
}
interface Member {
  readonly role: string;
}

describe('invitations', () => {
  const db = useDatabase();
  let people: People;
  let email: string;

  beforeEach(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'run_only'");
    people = await tellPeople(db);
    email = `${crypto.randomUUID()}@example.test`;
  });

  const args = (rest: object = {}) => ({ workspace: people.workspace.id, email, role: 'editor', ...rest });
  const invite = (rest: object = {}, who: Who = 'admin') => people.call<Invited>(who, 'invite_member', args(rest));
  const accept = (userId: string, token: string) =>
    asUser(db.owner, userId, (client) => callRow<Member>(client, 'durabase.accept_invitation', { token }));

  describe('invite_member', () => {
    it.each([
      ['owner', 'fine'],
      ['admin', 'fine'],
      ['editor', '403 FORBIDDEN'],
      ['runner', '403 FORBIDDEN'],
      ['viewer', '403 FORBIDDEN'],
      ['stranger', '404 WORKSPACE_NOT_FOUND'],
      ['instanceAdmin', 'fine'],
      ['anonymous', NO_GRANT],
      ['service', 'fine'],
    ] as const)('by %s is %s', async (who, answer) => {
      expect(await people.outcome(who, 'invite_member', args())).toBe(answer);
      expect((await people.auditOf()).map((line) => line.split(' ')[0])).toEqual(answer === 'fine' ? ['member.invited'] : []);
    });

    it('keeps no token anywhere, but its hash where no client reads', async () => {
      const { token } = await invite();
      const dump = await readValue<string>(
        db.owner,
        'select concat((select jsonb_agg(to_jsonb(i)) from durabase.workspace_invitations i), (select jsonb_agg(to_jsonb(a)) from durabase.audit_log a), (select jsonb_agg(to_jsonb(t)) from durabase_private.invitation_tokens t))',
      );
      expect(token).toMatch(/^dbi_[0-9a-f]{64}$/);
      expect([dump.length > 100, dump.includes(token), dump.includes(token.slice(4))]).toEqual([true, false, false]);
    });

    it('of an owner is for owners', async () => {
      expect(await people.outcome('admin', 'invite_member', args({ role: 'owner' }))).toBe('403 FORBIDDEN');
      expect(await people.outcome('owner', 'invite_member', args({ role: 'owner' }))).toBe('fine');
    });

    it.each([
      [{ email: 'nobody' }, '422 INVALID_REQUEST'],
      [{ email: 'a b@example.test' }, '422 INVALID_REQUEST'],
      [{ email: `${'x'.repeat(320)}@example.test` }, '422 INVALID_REQUEST'],
      [{ email: null }, '422 INVALID_REQUEST'],
      [{ role: 'king' }, '422 INVALID_REQUEST'],
    ] as const)('refuses %j', async (wrong, answer) => {
      expect(await people.outcome('owner', 'invite_member', args(wrong))).toBe(answer);
    });

    it('of somebody who is a member is refused, however the address is written', async () => {
      await addMember(db.owner, { workspaceId: people.workspace.id, role: 'viewer', userId: await createUser(db.owner, email) });
      expect(await people.outcome('owner', 'invite_member', args({ email: email.toUpperCase() }))).toBe('409 ALREADY_MEMBER');
    });

    it('takes the place of an earlier one', async () => {
      const userId = await createUser(db.owner, email);
      const [first, second] = [await invite(), await invite({ role: 'viewer' })];
      expect(await refusedAs(accept(userId, first.token))).toBe('404 INVITATION_NOT_FOUND');
      expect((await accept(userId, second.token)).role).toBe('viewer');
    });
  });

  describe('accept_invitation', () => {
    it('makes a member of somebody who signed up after he was invited', async () => {
      const { token } = await invite({ email: email.toUpperCase() });
      const userId = await createUser(db.owner, email);
      expect(await accept(userId, token)).toMatchObject({ role: 'editor', user_id: userId });
      expect(await people.auditOf()).toEqual(['member.invited by user', 'member.joined by user']);
    });

    it('gives the same answer when it is asked again, and to him alone', async () => {
      const { token } = await invite();
      const userId = await createUser(db.owner, email);
      await accept(userId, token);
      expect((await accept(userId, token)).role).toBe('editor');
      expect((await people.auditOf()).length).toBe(2);
      await people.call('owner', 'remove_member', { workspace: people.workspace.id, user_id: userId });
      expect(await refusedAs(accept(userId, token))).toBe('410 INVITATION_ENDED'); // it brings nobody back
    });

    it('is for the invited address only, whatever the token of the session says', async () => {
      const { token } = await invite();
      expect(await people.outcome('stranger', 'accept_invitation', { token })).toBe('403 FORBIDDEN');
      expect(await people.outcome('service', 'accept_invitation', { token })).toBe('401 UNAUTHENTICATED');
      expect(await people.outcome('anonymous', 'accept_invitation', { token })).toBe(NO_GRANT);
      expect(await people.outcome('stranger', 'accept_invitation', { token: 'dbi_unknown' })).toBe('404 INVITATION_NOT_FOUND');
      expect(await people.outcome('stranger', 'accept_invitation', { token: null })).toBe('404 INVITATION_NOT_FOUND');
    });

    it('comes too late after seven days', async () => {
      const { token, id } = await invite();
      const userId = await createUser(db.owner, email);
      expect(
        await readValue(
          db.owner,
          "select expires_at - created_at = interval '7 days' from durabase.workspace_invitations where id = $1",
          [id],
        ),
      ).toBe(true);
      await db.owner.query("update durabase.workspace_invitations set expires_at = now() - interval '1 second' where id = $1", [
        id,
      ]);
      expect(await refusedAs(accept(userId, token))).toBe('410 INVITATION_ENDED');
    });

    it('fails when whoever invited may no longer invite', async () => {
      const { token } = await invite();
      const userId = await createUser(db.owner, email);
      await people.call('owner', 'set_member_role', {
        workspace: people.workspace.id,
        user_id: people.idOf('admin'),
        role: 'viewer',
      });
      expect(await refusedAs(accept(userId, token))).toBe('410 INVITATION_ENDED');
    });

    it('fails when the workspace was deleted', async () => {
      const { token } = await invite({}, 'service');
      const userId = await createUser(db.owner, email);
      await people.call('owner', 'delete_workspace', { workspace: people.workspace.id });
      expect(await refusedAs(accept(userId, token))).toBe('410 INVITATION_ENDED');
    });

    it('takes no right from a member', async () => {
      const [lower, higher] = [await invite({ role: 'viewer' }), email];
      const userId = await createUser(db.owner, higher);
      await addMember(db.owner, { workspaceId: people.workspace.id, role: 'editor', userId });
      expect((await accept(userId, lower.token)).role).toBe('editor');
    });

    it('works once, however many try at once', async () => {
      const { token } = await invite();
      const userId = await createUser(db.owner, email);
      const members = await Promise.all(Array.from({ length: 6 }, () => accept(userId, token)));
      expect(members.map(({ role }) => role)).toEqual(Array.from({ length: 6 }, () => 'editor'));
      expect((await people.auditOf()).filter((line) => line.startsWith('member.joined'))).toHaveLength(1);
    });
  });

  describe('revoke_invitation', () => {
    it.each([
      ['owner', 'fine'],
      ['admin', 'fine'],
      ['editor', '404 INVITATION_NOT_FOUND'],
      ['viewer', '404 INVITATION_NOT_FOUND'],
      ['stranger', '404 INVITATION_NOT_FOUND'],
      ['instanceAdmin', 'fine'],
      ['anonymous', NO_GRANT],
      ['service', 'fine'],
    ] as const)('by %s is %s', async (who, answer) => {
      const { id, token } = await invite();
      const userId = await createUser(db.owner, email);
      expect(await people.outcome(who, 'revoke_invitation', { invitation: id })).toBe(answer);
      if (answer === 'fine') expect(await refusedAs(accept(userId, token))).toBe('404 INVITATION_NOT_FOUND');
      else expect((await accept(userId, token)).role).toBe('editor');
    });

    it('comes too late for one that was accepted', async () => {
      const { id, token } = await invite();
      await accept(await createUser(db.owner, email), token);
      expect(await people.outcome('owner', 'revoke_invitation', { invitation: id })).toBe('410 INVITATION_ENDED');
    });
  });
});
