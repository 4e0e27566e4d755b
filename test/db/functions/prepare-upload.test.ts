import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { asRole, asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, shareTask, type Workspace } from '../../support/build-rows.ts';
import { type Args, callValue, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

describe('prepare_upload', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const prepare = (user: string, more: Args = {}): Promise<string> =>
    asUser(db.owner, user, (client) =>
      callValue<string>(client, 'durabase.prepare_upload', {
        file_name: 'sales.csv',
        content_type: 'text/csv',
        bytes: 4,
        workspace: acme.id,
        ...more,
      }),
    );
  const nameOf = async (name: string): Promise<string> => {
    const [workspace, , ...rest] = (await prepare(acme.users.runner, { file_name: name })).split('/');
    expect([workspace, rest.length]).toEqual([acme.id, 1]);
    return rest.join('/');
  };

  it('gives each file a path of its own in the workspace, and leaves one audit row', async () => {
    const paths = [await prepare(acme.users.runner), await prepare(acme.users.runner)];
    for (const path of paths) expect(path).toMatch(new RegExp(`^${acme.id}/${UUID}/sales\\.csv$`));
    expect(new Set(paths).size).toBe(2);
    expect(
      await readValue(
        db.owner,
        `select jsonb_agg(jsonb_build_object('action', action, 'user', actor_user_id, 'workspace', workspace_id, 'details', details))
           from durabase.audit_log where entity = 'upload' and entity_id = $1`,
        [paths[0]],
      ),
    ).toEqual([
      {
        action: 'upload.allowed',
        user: acme.users.runner,
        workspace: acme.id,
        details: { contentType: 'text/csv', bytes: 4 },
      },
    ]);
  });

  it('is for those who may start runs in the workspace', async () => {
    for (const role of ['runner', 'editor', 'admin', 'owner'] as const)
      expect(await prepare(acme.users[role])).toContain(`${acme.id}/`);
    expect(await refusedAs(prepare(acme.users.viewer))).toBe('403 FORBIDDEN');
    expect(await refusedAs(prepare(await createUser(db.owner)))).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('is not for those with whom only a task is shared', async () => {
    const guest = await createUser(db.owner);
    const task = await createReadyTask(db.owner, acme.id);
    await shareTask(db.owner, { taskId: task.id, userId: guest, canRun: true });
    expect(await refusedAs(prepare(guest))).toBe('403 FORBIDDEN');
  });

  it.each([
    ['runs:start', 'fine'],
    ['admin', 'fine'],
    ['events:emit', '403 FORBIDDEN'],
    ['runs:operate', '403 FORBIDDEN'],
    ['runs:read', '403 FORBIDDEN'],
  ])('answers an API key with the scope %s: %s', async (scope, answer) => {
    const key = await asUser(db.owner, acme.users.admin, (client) =>
      readValue<string>(client, 'select key from durabase.create_api_key($1, $2::text[], $3)', ['x', [scope], acme.id]),
    );
    const claims = { role: 'authenticated', durabase_api_key: createHash('sha256').update(key).digest('hex') };
    const asked = asRole(db.gateway, { role: 'authenticated', claims }, (client) =>
      callValue<string>(client, 'durabase.prepare_upload', { file_name: 'a', content_type: 'a/b', bytes: 1 }),
    );
    if (answer === 'fine') expect(await asked).toContain(`${acme.id}/`);
    else expect(await refusedAs(asked)).toBe(answer);
  });

  it.each([
    ['sales.csv', 'sales.csv'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ann\\Q3 report (final).PDF', 'Q3-report-final-.PDF'],
    ['Übersicht café.csv', 'Ubersicht-cafe.csv'],
    ['..', 'file'],
    ['.env', 'env'],
    ['報告', 'file'],
    ['a/', 'file'],
    ['x..exe', 'x.exe'],
    ['a?b=c&d#e%2e%2e.txt', 'a-b-c-d-e-2e-2e.txt'],
    [`${'a'.repeat(250)}.json`, `${'a'.repeat(80)}.json`],
  ])('calls %j %j', async (name, safe) => {
    expect(await nameOf(name)).toBe(safe);
  });

  it.each([
    ['file_name', { file_name: '' }],
    ['file_name', { file_name: 'x'.repeat(256) }],
    ['content_type', { content_type: 'csv' }],
    ['content_type', { content_type: 'text/csv\r\nx: y' }],
    ['bytes', { bytes: 0 }],
  ])('refuses a wrong %s: %j', async (_, args) => {
    expect(await refusedAs(prepare(acme.users.runner, args))).toBe('422 INVALID_REQUEST');
  });
});
