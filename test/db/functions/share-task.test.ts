import { beforeEach, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, type ReadyTask } from '../../support/build-rows.ts';
import { callRow } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { NO_GRANT, type People, tellPeople, type Who } from '../support/tell-people.ts';

const OUTCOMES: Readonly<Record<Who, string>> = {
  owner: 'fine',
  admin: 'fine',
  editor: '403 FORBIDDEN',
  runner: '403 FORBIDDEN',
  viewer: '403 FORBIDDEN',
  stranger: '404 TASK_NOT_FOUND',
  instanceAdmin: 'fine',
  anonymous: NO_GRANT,
  service: 'fine',
};

describe('sharing tasks', () => {
  const db = useDatabase();
  let people: People;
  let task: ReadyTask;
  let guest: string;

  beforeEach(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'run_only'");
    people = await tellPeople(db);
    task = await createReadyTask(db.owner, people.workspace.id);
    guest = await createUser(db.owner);
  });

  const actionsOf = async () =>
    (await people.auditOf())
      .map((line) => line.split(' ')[0])
      .filter((line) => line !== 'task.saved' && line !== 'task.published');
  const share = (rest: object = {}, who: Who = 'admin') =>
    people.outcome(who, 'share_task', { task: task.id, user_id: guest, ...rest });
  const mayAsGuest = async (name: string, args: object): Promise<string> =>
    asUser(db.owner, guest, (client) => callRow(client, `durabase.${name}`, { ...args })).then(
      () => 'fine',
      (error: unknown) => refusedAs(Promise.reject(error)),
    );

  it.each(Object.entries(OUTCOMES))('share_task by %s is %s', async (who, answer) => {
    expect(await share({}, who as Who)).toBe(answer);
    expect(await actionsOf()).toEqual(answer === 'fine' ? ['task.shared'] : []);
  });

  it('gives what was shared, and nothing more', async () => {
    const definition = { slug: task.slug, steps: [{ id: 'hello', action: 'log' }] };
    expect(await mayAsGuest('start_run', { task: task.id })).toBe('404 TASK_NOT_FOUND');
    await share();
    expect(await mayAsGuest('start_run', { task: task.id })).toBe('403 FORBIDDEN');
    await share({ can_run: true });
    expect(await mayAsGuest('start_run', { task: task.id })).toBe('fine');
    expect(await mayAsGuest('save_task', { definition, workspace: people.workspace.id })).toBe('403 FORBIDDEN');
    await share({ can_edit: true });
    expect(await mayAsGuest('save_task', { definition, workspace: people.workspace.id })).toBe('fine');
    expect(await mayAsGuest('share_task', { task: task.id, user_id: people.idOf('stranger') })).toBe('403 FORBIDDEN');
    expect(await mayAsGuest('publish_task', { task: task.id })).toBe('403 FORBIDDEN');
  });

  it('writes nothing when it is shared like this already', async () => {
    await share({ can_run: true });
    await share({ can_run: true });
    expect(await actionsOf()).toEqual(['task.shared']);
  });

  it('refuses what makes no sense', async () => {
    expect(await share({ can_view: false, can_run: true })).toBe('422 INVALID_REQUEST');
    expect(await share({ user_id: crypto.randomUUID() })).toBe('404 USER_NOT_FOUND');
    expect(await share({ task: 'unknown' })).toBe('404 TASK_NOT_FOUND');
  });

  it.each(Object.entries(OUTCOMES))('unshare_task by %s is %s', async (who, answer) => {
    await share({ can_run: true });
    expect(await people.outcome(who as Who, 'unshare_task', { task: task.id, user_id: guest })).toBe(answer);
    expect(await mayAsGuest('start_run', { task: task.id })).toBe(answer === 'fine' ? '404 TASK_NOT_FOUND' : 'fine');
    expect((await actionsOf()).includes('task.unshared')).toBe(answer === 'fine');
  });

  it.each(Object.entries(OUTCOMES))('list_shares by %s is %s', async (who, answer) => {
    await share();
    const rows = await people.call<{ user_id: string; email: string }>(who as Who, 'list_shares', { task: task.id }).then(
      (row) => row,
      () => undefined,
    );
    expect(rows?.user_id).toBe(answer === 'fine' ? guest : undefined);
    expect(await people.outcome(who as Who, 'list_shares', { task: task.id })).toBe(answer);
  });

  it.each(Object.entries(OUTCOMES))('publish_task and unpublish_task by %s are %s', async (who, answer) => {
    expect(await people.outcome(who as Who, 'publish_task', { task: task.id })).toBe(answer);
    expect(await people.outcome(who as Who, 'publish_task', { task: task.id })).toBe(answer);
    expect(await actionsOf()).toEqual(answer === 'fine' ? ['task.opened'] : []);
    expect(await people.outcome(who as Who, 'unpublish_task', { task: task.id })).toBe(answer);
    expect(await actionsOf()).toEqual(answer === 'fine' ? ['task.opened', 'task.closed'] : []);
  });
});
