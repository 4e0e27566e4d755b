import { describe, expect, it } from '@jest/globals';
import { createUser } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('sign-up', () => {
  const db = useDatabase();

  const signUpWhen = async (setting: string, email?: string) => {
    await db.owner.query('update durabase.instance_settings set sign_up = $1', [setting]);
    return createUser(db.owner, email);
  };
  const workspacesOf = async (userId: string) =>
    (
      await db.owner.query(
        'select w.name, w.personal_user_id, m.role from durabase.workspace_members m join durabase.workspaces w on w.id = m.workspace_id where m.user_id = $1',
        [userId],
      )
    ).rows;

  it('gives everybody a workspace of his own by the seed', async () => {
    expect(await readValue(db.owner, 'select sign_up from durabase.instance_settings')).toBe('personal_workspace');
  });

  it('makes a personal workspace when the instance says so', async () => {
    const userId = await signUpWhen('personal_workspace', 'ada@example.test');
    expect(await workspacesOf(userId)).toEqual([{ name: 'ada@example.test', personal_user_id: userId, role: 'owner' }]);
  });

  it.each(['run_only', 'nothing'])('makes no workspace when the instance says %s', async (setting) => {
    expect(await workspacesOf(await signUpWhen(setting))).toEqual([]);
  });

  it.each(['personal_workspace', 'run_only', 'nothing'])('makes a profile when the instance says %s', async (setting) => {
    const userId = await signUpWhen(setting, `profile-${setting}@example.test`);
    expect(await readValue(db.owner, 'select email from durabase.profiles where user_id = $1', [userId])).toBe(
      `profile-${setting}@example.test`,
    );
  });

  it('copes with users without an address', async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'personal_workspace'");
    const id = await readValue<string>(db.owner, 'insert into auth.users (id) values (gen_random_uuid()) returning id');
    expect(await workspacesOf(id)).toEqual([{ name: 'Personal', personal_user_id: id, role: 'owner' }]);
  });

  it('copes with the longest address', async () => {
    const email = `${'a'.repeat(243)}@example.tst`;
    const userId = await signUpWhen('personal_workspace', email);
    expect(await workspacesOf(userId)).toMatchObject([{ name: email.slice(0, 180) }]);
  });

  it('does not let Auth itself be refused by a setting nobody knows', async () => {
    await expect(db.owner.query("update durabase.instance_settings set sign_up = 'everything'")).rejects.toThrow(
      'instance_settings_sign_up_known',
    );
  });

  it('keeps workspace and profile when the user is deleted', async () => {
    const userId = await signUpWhen('personal_workspace');
    const id = await readValue(db.owner, 'select id from durabase.workspaces where personal_user_id = $1', [userId]);
    await db.owner.query('delete from auth.users where id = $1', [userId]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase.workspaces where id = $1', [id])).toBe(1);
    expect(await workspacesOf(userId)).toEqual([]);
  });
});
