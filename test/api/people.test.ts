import { beforeEach, describe, expect, it } from '@jest/globals';
import { type AuditLine, type AuditVerification, auditVerification } from '@durabase/contracts/api/audit';
import type {
  Invitation,
  Me,
  Member,
  NewInvitation,
  PublishedTask,
  TaskPermission,
  Workspace as ApiWorkspace,
} from '@durabase/contracts/api/people';
import type { Run } from '@durabase/contracts/api/run';
import { createReadyTask, createUser, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { callValue } from '../support/call.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const used = useApi();
let workspace: Workspace;
let task: ReadyTask;
let stranger: string;
let instanceAdmin: string;

beforeEach(async () => {
  const { owner } = used.database;
  await owner.query("update durabase.instance_settings set sign_up = 'run_only', end_user_max_starts_per_minute = 20");
  workspace = await createWorkspace(owner);
  task = await createReadyTask(owner, workspace.id, {
    slug: `task-${crypto.randomUUID()}`,
    plan: { inputSchema: { type: 'object', required: ['to'] } },
  });
  [stranger, instanceAdmin] = [await createUser(owner), await createUser(owner)];
  await owner.query('insert into durabase.instance_admins (user_id) values ($1)', [instanceAdmin]);
});

const path = (rest = ''): string => `/api/v1/workspaces/${workspace.id}${rest}`;
const call = async <Body>(method: string, url: string, as: string, json?: unknown): Promise<Body> =>
  (await used.api.call<Body>(method, url, json === undefined ? { as } : { as, json })).body;
const refused = async (method: string, url: string, as: string, json?: unknown): Promise<string> =>
  inShort(await used.api.refusal(method, url, json === undefined ? { as } : { as, json }));

describe('workspaces', () => {
  it('are made, shown, renamed, handed over, left and deleted', async () => {
    const { owner, admin, editor, viewer } = workspace.users;
    const made = await used.api.call<ApiWorkspace>('POST', '/api/v1/workspaces', { as: owner, json: { name: 'Second' } });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/v1/workspaces/${made.body.id}`]);
    expect(made.body).toMatchObject({ name: 'Second', role: 'owner' });
    const listed = await call<Page<ApiWorkspace>>('GET', '/api/v1/workspaces?limit=1', owner);
    const rest = await call<Page<ApiWorkspace>>('GET', `/api/v1/workspaces?cursor=${listed.nextCursor}`, owner);
    expect([...listed.items, ...rest.items].map(({ id }) => id)).toEqual(expect.arrayContaining([made.body.id, workspace.id]));
    expect(await call<ApiWorkspace>('GET', path(), viewer)).toMatchObject({ name: 'Acme', role: 'viewer' });
    expect((await call<ApiWorkspace>('PATCH', path(), admin, { name: 'New' })).name).toBe('New');
    expect(await refused('PATCH', path(), editor, { name: 'x' })).toBe('403 FORBIDDEN');
    expect((await call<ApiWorkspace>('POST', path('/transfer'), owner, { userId: admin })).role).toBe('admin');
    expect(await call('POST', path('/leave'), owner)).toMatchObject({ userId: owner, role: 'admin' });
    expect(await refused('DELETE', path(), editor)).toBe('403 FORBIDDEN');
    expect((await call<ApiWorkspace>('DELETE', path(), admin)).deletedAt).not.toBeNull();
    expect(await refused('GET', path(), admin)).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('are not there for strangers, and not made by end users', async () => {
    expect(await refused('GET', path(), stranger)).toBe('404 WORKSPACE_NOT_FOUND');
    expect(await refused('POST', '/api/v1/workspaces', stranger, { name: 'x' })).toBe('403 FORBIDDEN');
    expect(await refused('POST', '/api/v1/workspaces', workspace.users.owner, { name: '' })).toBe('422 INVALID_REQUEST');
    for (const [method, url, json] of [
      ['PATCH', path(), { name: 'x' }],
      ['DELETE', path()],
      ['POST', path('/transfer'), { userId: stranger }],
      ['POST', path('/leave')],
      ['GET', path('/members')],
      ['GET', path('/invitations')],
      ['POST', path('/invitations'), { email: 'a@example.test', role: 'viewer' }],
      ['PATCH', path(`/members/${workspace.users.viewer}`), { role: 'editor' }],
      ['DELETE', path(`/members/${workspace.users.viewer}`)],
    ] as const)
      expect({ url, refusal: await refused(method, url, stranger, json) }).toEqual({ url, refusal: '404 WORKSPACE_NOT_FOUND' });
  });
});

describe('members and invitations', () => {
  it('lists members in pages', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<Member> = await call(
        'GET',
        path(`/members?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`),
        workspace.users.admin,
      );
      seen.push(...page.items.map(({ userId }) => userId));
      cursor = page.nextCursor;
    }
    expect(seen.toSorted()).toEqual(Object.values(workspace.users).toSorted());
  });

  it('changes and removes members', async () => {
    const { owner, admin, viewer } = workspace.users;
    expect(await call('PATCH', path(`/members/${viewer}`), admin, { role: 'editor' })).toMatchObject({
      userId: viewer,
      role: 'editor',
    });
    expect(await call('DELETE', path(`/members/${viewer}`), admin)).toMatchObject({ userId: viewer });
    expect(await refused('DELETE', path(`/members/${viewer}`), admin)).toBe('404 MEMBER_NOT_FOUND');
    expect(await refused('PATCH', path(`/members/${owner}`), owner, { role: 'viewer' })).toBe('409 LAST_OWNER');
  });

  it('invites, shows, takes back and accepts', async () => {
    const { admin, viewer } = workspace.users;
    const [first, second] = [`${crypto.randomUUID()}@example.test`, `${crypto.randomUUID()}@example.test`];
    const invite = (email: string) => call<NewInvitation>('POST', path('/invitations'), admin, { email, role: 'runner' });
    const [kept, revoked] = [await invite(first), await invite(second)];
    expect(await call('DELETE', path(`/invitations/${revoked.id}`), admin)).toMatchObject({ state: 'revoked' });
    const userId = await createUser(used.database.owner, first);
    expect(await refused('POST', '/api/v1/invitations/accept', stranger, { token: kept.token })).toBe('403 FORBIDDEN');
    expect(await call('POST', '/api/v1/invitations/accept', userId, { token: kept.token })).toMatchObject({
      workspaceId: workspace.id,
      role: 'runner',
    });
    const { items } = await call<Page<Invitation>>('GET', path('/invitations'), admin);
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      [revoked.id, 'revoked'],
      [kept.id, 'accepted'],
    ]);
    expect(JSON.stringify(items)).not.toContain('dbi_');
    expect((await call<Page<Invitation>>('GET', path('/invitations'), viewer)).items).toEqual([]);
    const other = await createWorkspace(used.database.owner);
    expect(await refused('DELETE', `/api/v1/workspaces/${other.id}/invitations/${kept.id}`, admin)).toBe(
      '404 INVITATION_NOT_FOUND',
    );
  });
});

describe('sharing and publishing', () => {
  const at = (rest: string): string => `/api/v1/tasks/${task.slug}${rest}?workspace=${workspace.id}`;

  it('shares a task, shows with whom, and takes it back', async () => {
    const { admin, editor } = workspace.users;
    expect(await call('PUT', at(`/permissions/${stranger}`), admin, { canRun: true })).toEqual({
      userId: stranger,
      canView: true,
      canRun: true,
      canEdit: false,
    });
    expect((await call<Page<TaskPermission>>('GET', at('/permissions'), admin)).items).toMatchObject([
      { userId: stranger, canRun: true },
    ]);
    expect(await refused('GET', at('/permissions'), editor)).toBe('403 FORBIDDEN');
    expect((await used.api.call('GET', `/api/v1/tasks/${task.id}`, { as: stranger })).status).toBe(200);
    expect(await call('DELETE', at(`/permissions/${stranger}`), admin)).toMatchObject({ canView: false });
    expect(await refused('GET', `/api/v1/tasks/${task.id}`, stranger)).toBe('404 TASK_NOT_FOUND');
    expect(await refused('PUT', at(`/permissions/${stranger}`), editor, {})).toBe('403 FORBIDDEN');
  });

  it('publishes a task to everybody who is signed in, with its input schema, within limits', async () => {
    const { admin, editor } = workspace.users;
    const start = (input: object) =>
      used.api.call<Run>('POST', `/api/v1/tasks/${task.slug}/runs`, { as: stranger, json: { input } });
    expect(await refused('POST', at('/publish'), editor)).toBe('403 FORBIDDEN');
    expect(await call('POST', at('/publish'), admin)).toMatchObject({ taskId: task.id, publishedAt: expect.any(String) });
    const { items } = await call<Page<PublishedTask>>('GET', `/api/v1/published-tasks?workspace=${workspace.id}`, stranger);
    expect(items).toEqual([
      {
        id: task.id,
        workspaceId: workspace.id,
        slug: task.slug,
        name: task.slug,
        description: null,
        inputSchema: { type: 'object', required: ['to'] },
      },
    ]);
    expect((await start({ to: 'you' })).body).toMatchObject({ taskId: task.id, state: 'queued' });
    await used.database.owner.query('update durabase.instance_settings set end_user_max_starts_per_minute = 1');
    const refusal = await used.api.refusal('POST', `/api/v1/tasks/${task.slug}/runs`, {
      as: stranger,
      json: { input: { to: 'you' } },
    });
    expect(inShort(refusal)).toBe('429 RATE_LIMITED');
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(50);
    await call('POST', at('/unpublish'), admin);
    expect(await refused('POST', `/api/v1/tasks/${task.slug}/runs`, stranger, { input: { to: 'you' } })).toBe(
      '404 TASK_NOT_FOUND',
    );
  });
});

describe('the instance', () => {
  it('shows and changes its settings to its admins alone', async () => {
    expect(await refused('GET', '/api/v1/instance-settings', workspace.users.owner)).toBe('403 FORBIDDEN');
    expect(await refused('PATCH', '/api/v1/instance-settings', workspace.users.owner, { signUp: 'nothing' })).toBe(
      '403 FORBIDDEN',
    );
    expect(
      await call('PATCH', '/api/v1/instance-settings', instanceAdmin, { signUp: 'nothing', endUserMaxOpenRuns: 3 }),
    ).toMatchObject({
      signUp: 'nothing',
      endUserMaxOpenRuns: 3,
    });
    expect(await call('GET', '/api/v1/instance-settings', instanceAdmin)).toMatchObject({
      signUp: 'nothing',
      endUserMaxOpenRuns: 3,
    });
    expect(await refused('PATCH', '/api/v1/instance-settings', instanceAdmin, { endUserMaxOpenRuns: -1 })).toBe(
      '422 INVALID_REQUEST',
    );
  });

  it('says who the caller is', async () => {
    expect(await call<Me>('GET', '/api/v1/me', workspace.users.runner)).toMatchObject({
      kind: 'user',
      userId: workspace.users.runner,
      isInstanceAdmin: false,
      workspaces: [{ id: workspace.id, name: 'Acme', role: 'runner' }],
    });
    expect((await used.api.call<Me>('GET', '/api/v1/me', { asService: true })).body).toMatchObject({
      kind: 'service',
      limits: null,
    });
  });
});

describe('the audit log', () => {
  it('is read in pages, filtered, by admins', async () => {
    const { owner, admin, editor } = workspace.users;
    await call('PATCH', path(), owner, { name: 'One' });
    await call('PATCH', path(), admin, { name: 'Two' });
    const list = async (query: string, as = admin) =>
      (await call<Page<AuditLine>>('GET', `/api/v1/audit?workspace=${workspace.id}${query}`, as)).items.map(
        ({ action, actor }) => [action, actor.userId],
      );
    expect(await list('&action=workspace.renamed')).toEqual([
      ['workspace.renamed', admin],
      ['workspace.renamed', owner],
    ]);
    expect(await list(`&actor=${owner}`)).toEqual([['workspace.renamed', owner]]);
    expect((await list(`&entity=${task.id}`)).map(([action]) => action)).toEqual(['task.published', 'task.saved']);
    expect(await list('', editor)).toEqual([]);
    const first = await call<Page<AuditLine>>('GET', `/api/v1/audit?workspace=${workspace.id}&limit=3`, admin);
    const second = await call<Page<AuditLine>>(
      'GET',
      `/api/v1/audit?workspace=${workspace.id}&limit=3&cursor=${first.nextCursor}`,
      admin,
    );
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 1, null]);
  });

  it('is verified for admins', async () => {
    const url = `/api/v1/audit/verification?workspace=${workspace.id}`;
    await callValue(used.database.owner, 'durabase_private.seal_audit');
    const verdict = await call<AuditVerification>('GET', url, workspace.users.admin);
    expect(verdict).toMatchObject({ isIntact: true, problems: [] });
    expect(auditVerification.parse(verdict).head?.sealedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
    expect(await refused('GET', url, workspace.users.editor)).toBe('404 WORKSPACE_NOT_FOUND');
    expect(await refused('GET', '/api/v1/audit/verification', workspace.users.admin)).toBe('403 FORBIDDEN');
  });
});
