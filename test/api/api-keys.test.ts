import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiKeyScope } from '@durabase/contracts/api/api-key';
import { routes } from '../../src/api/routes/index.ts';
import { scopesOf } from '../../src/api/scopes.ts';
import { addMember, createReadyTask, createWorkspace, shareTask, type Workspace } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { inShort, SECRET_KEY } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const SOME_ID = '0198f000-0000-7000-8000-000000000000';
const STEPS = [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }];
const used = useApi();
let home: Workspace;
let other: Workspace;

beforeEach(async () => {
  home = await createWorkspace(used.database.owner);
  other = await createWorkspace(used.database.owner);
});

interface Made {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
}
interface MakeOptions {
  readonly as?: string;
  readonly workspace?: string;
  readonly expiresAt?: string;
}

const make = async (scopes: readonly ApiKeyScope[], { as = home.users.admin, ...rest }: MakeOptions = {}): Promise<Made> => {
  const json = { name: 'Nightly', scopes, workspace: home.id, ...rest };
  const { status, body } = await used.api.call<Made>('POST', '/api/v1/api-keys', { as, json });
  expect(status).toBe(201);
  return body;
};
const by = ({ key }: Pick<Made, 'key'>) => ({ headers: { authorization: `Bearer ${key}` } });
const answerOf = async (method: string, path: string, options: object): Promise<string> => {
  const { status, body } = await used.api.call<{ code?: string }>(method, path, options);
  return status < 400 ? String(status) : `${status} ${String(body.code)}`;
};
const auditOf = (workspaceId: string): Promise<readonly string[]> =>
  readValue(
    used.database.owner,
    "select coalesce(array_agg(action || ' by ' || actor_kind order by n), '{}') from durabase.audit_log where workspace_id = $1",
    [workspaceId],
  );

describe('making a key', () => {
  it('tells it once, and keeps its hash alone', async () => {
    const made = await make(['runs:read']);
    expect(made.key).toMatch(/^dbk_[\w-]{43}_[0-9a-f]{6}$/);
    expect(made.key.startsWith(made.prefix)).toBe(true);
    const { text } = await used.api.call('GET', '/api/v1/api-keys', { as: home.users.admin });
    expect(text).toContain(made.id);
    expect(text).not.toContain(made.key);
    const stored = await readValue<string>(
      used.database.owner,
      `select (select string_agg(k::text, '') from durabase.api_keys k) || (select string_agg(h::text, '') from durabase_private.api_key_hashes h)
        || (select string_agg(a::text, '') from durabase.audit_log a)`,
    );
    expect(stored).not.toContain(made.key.slice(12));
    expect(await auditOf(home.id)).toEqual(['api_key.created by user']);
  });

  it.each(['viewer', 'runner', 'editor'] as const)('is not for a member who is %s', async (role) => {
    const json = { name: 'x', scopes: ['runs:read'], workspace: home.id };
    expect(await answerOf('POST', '/api/v1/api-keys', { as: home.users[role], json })).toBe('403 FORBIDDEN');
    expect((await used.api.call<{ items: unknown[] }>('GET', '/api/v1/api-keys', { as: home.users[role] })).body.items).toEqual(
      [],
    );
  });

  it.each([
    ['a stranger', () => ({ as: other.users.owner }), '404 WORKSPACE_NOT_FOUND'],
    ['the service', () => ({ asService: true }), '403 FORBIDDEN'],
    ['a key', async () => by(await make(['admin'])), '403 FORBIDDEN'],
  ])('is not for %s', async (_who, who, answer) => {
    const json = { name: 'x', scopes: ['runs:read'], workspace: home.id };
    expect(await answerOf('POST', '/api/v1/api-keys', { ...(await who()), json })).toBe(answer);
  });

  it.each([
    ['no scopes', { scopes: [] }],
    ['an unknown scope', { scopes: ['everything'] }],
    ['an end that is over', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['no name', { name: '' }],
  ])('is refused with %s', async (_what, wrong) => {
    const json = { name: 'x', scopes: ['runs:read'], workspace: home.id, ...wrong };
    expect(await answerOf('POST', '/api/v1/api-keys', { as: home.users.admin, json })).toBe('422 INVALID_REQUEST');
  });
});

describe('who shows a key', () => {
  it('comes in, in either header, and is written down as a key', async () => {
    const { slug } = await createReadyTask(used.database.owner, home.id);
    const made = await make(['runs:start']);
    for (const headers of [{ authorization: `Bearer ${made.key}` }, { apikey: made.key }]) {
      const { status, body } = await used.api.call<{ actor: object }>('POST', `/api/v1/tasks/${slug}/runs`, {
        headers,
        json: {},
      });
      expect(status).toBe(201);
      expect(body.actor).toEqual({ kind: 'api_key', userId: home.users.admin, name: `Nightly (${made.prefix}…)` });
    }
    expect((await auditOf(home.id)).filter((line) => line.endsWith('by api_key'))).toHaveLength(2);
  });

  it('is told from one who mistyped it', async () => {
    const { key } = await make(['runs:read']);
    const mistyped = key.replace(/^dbk_./, (start) => (start === 'dbk_A' ? 'dbk_B' : 'dbk_A'));
    for (const [text, said] of [
      [mistyped, /checksum/],
      [key.slice(0, -1), /checksum/],
      [`dbk_${'A'.repeat(43)}_${'0'.repeat(6)}`, /checksum/],
    ] as const) {
      const refusal = await used.api.refusal('GET', '/api/v1/runs', by({ key: text }));
      expect(inShort(refusal)).toBe('401 UNAUTHENTICATED');
      expect(refusal.detail).toMatch(said);
    }
  });

  it('is out at once when it is revoked, and when it has expired', async () => {
    const [revoked, expired] = [await make(['runs:read']), await make(['runs:read'])];
    for (const key of [revoked, expired]) expect(await answerOf('GET', '/api/v1/runs', by(key))).toBe('200');
    for (const status of [200, 200])
      expect((await used.api.call('DELETE', `/api/v1/api-keys/${revoked.id}`, { as: home.users.admin })).status).toBe(status);
    await used.database.owner.query("update durabase.api_keys set expires_at = now() - interval '1 second' where id = $1", [
      expired.id,
    ]);
    expect((await used.api.refusal('GET', '/api/v1/runs', by(revoked))).detail).toBe('the API key is revoked');
    expect((await used.api.refusal('GET', '/api/v1/runs', by(expired))).detail).toBe('the API key is expired');
    expect((await auditOf(home.id)).filter((line) => line.startsWith('api_key.revoked'))).toHaveLength(1);
  });

  it('leaves the minute of its use behind, once a minute', async () => {
    const made = await make(['runs:read']);
    for (let n = 0; n < 3; n += 1) await used.api.call('GET', '/api/v1/runs', by(made));
    const written = await readValue<boolean>(
      used.database.owner,
      "select last_used_at = date_trunc('minute', last_used_at) and last_used_at > now() - interval '2 minutes' from durabase.api_keys where id = $1",
      [made.id],
    );
    expect(written).toBe(true);
  });

  it('sees and does nothing outside of its workspace, though its member does', async () => {
    const { admin } = home.users;
    await addMember(used.database.owner, { workspaceId: other.id, role: 'owner', userId: admin });
    await used.database.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
    const [task, theirs] = [
      await createReadyTask(used.database.owner, home.id, { slug: 'ours' }),
      await createReadyTask(used.database.owner, other.id, { slug: 'theirs' }),
    ];
    await shareTask(used.database.owner, { taskId: theirs.id, userId: admin, canRun: true });
    const run = await used.api.call<{ id: string }>('POST', '/api/v1/tasks/theirs/runs', { as: admin, json: {} });
    const key = by(await make(['admin']));
    const idsOf = async (path: string) =>
      (await used.api.call<{ items: { id: string }[] }>('GET', path, key)).body.items.map(({ id }) => id);
    expect(await idsOf('/api/v1/tasks')).toEqual([task.id]);
    expect(await idsOf('/api/v1/runs')).toEqual([]);
    expect(await answerOf('GET', `/api/v1/runs/${run.body.id}`, key)).toBe('404 RUN_NOT_FOUND');
    expect(await answerOf('POST', `/api/v1/runs/${run.body.id}/cancel`, { ...key, json: {} })).toBe('404 RUN_NOT_FOUND');
    expect(await answerOf('POST', '/api/v1/tasks/theirs/runs', { ...key, json: {} })).toBe('404 TASK_NOT_FOUND');
    expect(await answerOf('POST', `/api/v1/tasks?workspace=${other.id}`, { ...key, json: { slug: 'x', steps: STEPS } })).toBe(
      '404 WORKSPACE_NOT_FOUND',
    );
    expect(await answerOf('GET', '/api/v1/drift', key)).toBe('403 FORBIDDEN');
    expect(await answerOf('POST', '/api/v1/events', { ...key, json: { name: 'a.b', workspace: other.id } })).toMatch(/^40[34] /);
    expect(await answerOf('POST', '/api/v1/tasks', { ...key, json: { slug: 'new-one', steps: STEPS } })).toBe('201'); // in its own
  });

  it('may no more than its member may at that moment', async () => {
    const { slug } = await createReadyTask(used.database.owner, home.id);
    const key = by(await make(['runs:start', 'tasks:write', 'runs:read']));
    const start = () => answerOf('POST', `/api/v1/tasks/${slug}/runs`, { ...key, json: {} });
    const save = () => answerOf('POST', '/api/v1/tasks', { ...key, json: { slug, steps: STEPS } });
    const setRole = (role: string) =>
      used.database.owner.query('update durabase.workspace_members set role = $3 where workspace_id = $1 and user_id = $2', [
        home.id,
        home.users.admin,
        role,
      ]);
    expect([await start(), await save()]).toEqual(['201', '201']);
    await setRole('runner');
    expect([await start(), await save()]).toEqual(['201', '403 FORBIDDEN']);
    await setRole('viewer');
    expect([await start(), await save()]).toEqual(['403 FORBIDDEN', '403 FORBIDDEN']);
    await used.database.owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      home.id,
      home.users.admin,
    ]);
    expect(await start()).toBe('404 TASK_NOT_FOUND');
    expect((await used.api.call<{ items: unknown[] }>('GET', '/api/v1/runs', key)).body.items).toEqual([]);
  });

  it('cannot be made by a claim in the token of a user', async () => {
    const hash = await readValue<string>(
      used.database.owner,
      'select h.hash from durabase_private.api_key_hashes h where h.key_id = $1',
      [(await make(['admin'])).id],
    );
    const token = await used.api.auth.sign(other.users.viewer, { claims: { durabase_api_key: hash } });
    const forged = { headers: { authorization: `Bearer ${token}` } };
    const { slug } = await createReadyTask(used.database.owner, home.id, { slug: 'of-home' });
    expect(await answerOf('POST', `/api/v1/tasks/${slug}/runs`, { ...forged, json: {} })).toBe('404 TASK_NOT_FOUND');
    expect((await used.api.call<{ items: unknown[] }>('GET', '/api/v1/tasks', forged)).body.items).toEqual([]);
  });
});

describe('scopes', () => {
  const ALL = ['runs:read', 'runs:start', 'runs:operate', 'tasks:read', 'tasks:write', 'events:emit', 'admin'] as const;
  const callers = routes.filter(({ access }) => access === 'caller');

  it.each(ALL)('%s opens the routes that need it, and no other', async (scope) => {
    const key = by(await make([scope]));
    for (const route of callers) {
      const opening = scopesOf(route);
      const isOpen = opening !== undefined && (scope === 'admin' || opening.includes(scope));
      const { status, body } = await used.api.call<{ code?: string; detail?: string }>(
        route.method,
        route.path.replace(':version', '1').replace(':feed', `workspace:${SOME_ID}`).replace(/:\w+/g, SOME_ID),
        { ...key, ...(route.body === undefined ? {} : { json: {} }) },
      );
      const isShut = status === 403 && /API key/.test(String(body.detail));
      expect({ route: `${route.method} ${route.path}`, isShut }).toEqual({
        route: `${route.method} ${route.path}`,
        isShut: !isOpen,
      });
    }
  });

  it.each([
    ['tasks:read', 'durabase.task_runs'],
    ['runs:start', 'durabase.task_runs'],
    ['runs:read', 'durabase.tasks'],
    ['events:emit', 'durabase.tasks'],
    ['events:emit', 'durabase.task_versions'],
    ['tasks:write', 'durabase.audit_log'],
    ['runs:operate', 'durabase.api_keys'],
  ] as const)('%s shows nothing of %s in Postgres itself', async (scope, table) => {
    const task = await createReadyTask(used.database.owner, home.id);
    await used.api.call('POST', `/api/v1/tasks/${task.slug}/runs`, { as: home.users.admin, json: {} });
    const countFor = async (made: Made): Promise<number> => {
      const client = await used.database.owner.connect();
      try {
        const hash = await client.query<{ hash: string }>('select hash from durabase_private.api_key_hashes where key_id = $1', [
          made.id,
        ]);
        const claims = JSON.stringify({ role: 'authenticated', durabase_api_key: hash.rows[0]?.hash });
        await client.query('begin');
        await client.query("select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)", [
          claims,
        ]);
        return (await client.query(`select from ${table}`)).rowCount ?? -1;
      } finally {
        await client.query('rollback');
        client.release();
      }
    };
    expect(await countFor(await make([scope]))).toBe(0);
    expect(await countFor(await make(['admin']))).toBeGreaterThan(0);
  });

  it('are asked for no more where no key calls', async () => {
    expect(await answerOf('GET', '/api/v1/drift', { headers: { apikey: SECRET_KEY } })).toBe('200');
  });
});
