import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, findRun, startRun } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { NO_GRANT, type People, tellPeople, type Who } from '../support/tell-people.ts';

interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly deleted_at: Date | null;
}

describe('workspaces', () => {
  const db = useDatabase();
  let people: People;
  const setSignUp = (mode: string) => db.owner.query('update durabase.instance_settings set sign_up = $1', [mode]);

  beforeEach(async () => {
    await setSignUp('run_only');
    people = await tellPeople(db);
  });

  describe('create_workspace', () => {
    it.each([
      ['owner', 'fine'],
      ['admin', 'fine'],
      ['editor', 'fine'],
      ['runner', '403 FORBIDDEN'],
      ['viewer', '403 FORBIDDEN'],
      ['stranger', '403 FORBIDDEN'],
      ['instanceAdmin', 'fine'],
      ['anonymous', NO_GRANT],
      ['service', '422 INVALID_REQUEST'], // it has to name the owner
    ] as const)('by %s is %s where end users only run', async (who, answer) => {
      expect(await people.outcome(who, 'create_workspace', { name: 'Mine' })).toBe(answer);
    });

    it('is for everybody who is signed in where sign-up gives a workspace', async () => {
      await setSignUp('personal_workspace');
      const made = await people.call<WorkspaceRow>('stranger', 'create_workspace', { name: 'Mine' });
      expect(
        await readValue(db.owner, 'select role from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
          made.id,
          people.idOf('stranger'),
        ]),
      ).toBe('owner');
      expect(
        await readValue(
          db.owner,
          "select array_agg(action || ' ' || (details ->> 'name')) from durabase.audit_log where workspace_id = $1",
          [made.id],
        ),
      ).toEqual(['workspace.created Mine']);
    });

    it('gives it to whom a service names, and to nobody else at the wish of a user', async () => {
      const owner = await createUser(db.owner);
      const made = await people.call<WorkspaceRow>('service', 'create_workspace', { name: 'Theirs', owner });
      expect((await asUser(db.owner, owner, (client) => client.query('select id from durabase.workspaces'))).rows).toEqual([
        { id: made.id },
      ]);
      expect(await people.outcome('owner', 'create_workspace', { name: 'Theirs', owner })).toBe('403 FORBIDDEN');
      expect(await people.outcome('service', 'create_workspace', { name: 'x', owner: crypto.randomUUID() })).toBe(
        '404 USER_NOT_FOUND',
      );
    });

    it.each([[''], ['x'.repeat(201)], [null]])('refuses the name %j', async (name) => {
      expect(await people.outcome('owner', 'create_workspace', { name })).toBe('422 INVALID_REQUEST');
    });
  });

  describe('rename_workspace', () => {
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
      const { workspace, outcome, auditOf } = people;
      expect(await outcome(who, 'rename_workspace', { workspace: workspace.id, name: 'New' })).toBe(answer);
      const isDone = answer === 'fine';
      expect(await readValue(db.owner, 'select name from durabase.workspaces where id = $1', [workspace.id])).toBe(
        isDone ? 'New' : 'Acme',
      );
      expect((await auditOf()).length).toBe(isDone ? 1 : 0);
    });

    it('writes nothing when the name is the same', async () => {
      await people.call('owner', 'rename_workspace', { workspace: people.workspace.id, name: 'Acme' });
      expect(await people.auditOf()).toEqual([]);
    });
  });

  describe('delete_workspace', () => {
    it.each([
      ['owner', 'fine'],
      ['admin', '403 FORBIDDEN'],
      ['editor', '403 FORBIDDEN'],
      ['runner', '403 FORBIDDEN'],
      ['viewer', '403 FORBIDDEN'],
      ['stranger', '404 WORKSPACE_NOT_FOUND'],
      ['instanceAdmin', 'fine'],
      ['anonymous', NO_GRANT],
      ['service', 'fine'],
    ] as const)('by %s is %s', async (who, answer) => {
      const { workspace, outcome, auditOf } = people;
      expect(await outcome(who, 'delete_workspace', { workspace: workspace.id })).toBe(answer);
      expect((await auditOf()).map((line) => line.split(' ')[0])).toEqual(answer === 'fine' ? ['workspace.deleted'] : []);
    });

    it('hides everything in it, and tells those who listen to ask again', async () => {
      const { workspace, idOf } = people;
      const task = await createReadyTask(db.owner, workspace.id);
      await people.call('owner', 'delete_workspace', { workspace: workspace.id });
      const seen = await asUser(db.owner, idOf('editor'), (client) => client.query('select from durabase.tasks'));
      expect(seen.rowCount).toBe(0);
      expect(
        await refusedAs(asUser(db.owner, idOf('editor'), (client) => callRow(client, 'durabase.start_run', { task: task.id }))),
      ).toBe('404 TASK_NOT_FOUND');
      expect(
        await readValue(db.owner, 'select count(*)::int from durabase_private.lost_rights where workspace_id = $1', [
          workspace.id,
        ]),
      ).toBe(1);
      expect(await people.outcome('owner', 'delete_workspace', { workspace: workspace.id })).toBe('404 WORKSPACE_NOT_FOUND');
    });

    it('is refused while a run has not ended', async () => {
      const { workspace } = people;
      const run = await startRun(db.owner, await createReadyTask(db.owner, workspace.id));
      const refusal = await refusalOf(people.call('owner', 'delete_workspace', { workspace: workspace.id }));
      expect(refusal).toMatchObject({
        sqlstate: 'PT409',
        code: 'WORKSPACE_BUSY',
        message: '1 runs of the workspace have not ended',
      });
      expect((await findRun(db.owner, run.id)).state).toBe('queued');
      await callRow(db.owner, 'durabase.cancel_run', { run: run.id });
      expect(await people.outcome('owner', 'delete_workspace', { workspace: workspace.id })).toBe('fine');
    });

    it('counts a run that is being accepted meanwhile', async () => {
      const { workspace } = people;
      const task = await createReadyTask(db.owner, workspace.id);
      const client = await db.owner.connect();
      await client.query('begin');
      await callRow(client, 'durabase.start_run', { task: task.id });
      const deletion = people.outcome('owner', 'delete_workspace', { workspace: workspace.id });
      await client.query('commit');
      client.release();
      expect(await deletion).toBe('409 WORKSPACE_BUSY');
    });
  });

  describe('me', () => {
    const namesOf = async (who: Who) => {
      const { me } = await people.call<{
        me: { kind: string; isInstanceAdmin: boolean; workspaces: { role: string }[]; limits: object | null };
      }>(who, 'me');
      return [me.kind, me.isInstanceAdmin, me.workspaces.map(({ role }) => role), me.limits !== null];
    };
    it('says who somebody is, and where he is what', async () => {
      expect(await namesOf('runner')).toEqual(['user', false, ['runner'], true]);
      expect(await namesOf('stranger')).toEqual(['user', false, [], true]);
      expect(await namesOf('instanceAdmin')).toEqual(['user', true, [], true]);
      expect(await namesOf('service')).toEqual(['service', true, [], false]);
      expect(await people.outcome('anonymous', 'me')).toBe(NO_GRANT);
    });
  });
});
