import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { routesByName } from '../../src/api/routes/index.ts';
import { createApiKeyRoute } from '../../src/api/routes/api-keys/create-api-key.ts';
import { tellStory } from '../db/support/tell-story.ts';
import { createReadyTask, createRunIn, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { type Making, MAKING } from './support/making-calls.ts';
import { type CallOptions, type CallResult, inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
const story = tellStory(used.database);
let acme: Workspace;
let task: ReadyTask;
let run: string;
const world = () => ({ acme, task, run });

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id, { plan: { steps: [{ id: 'make', action: 'external' }] } });
  await used.database.owner.query(`update durabase.task_versions set definition = $2 where task_id = $1`, [
    task.id,
    { slug: task.slug, steps: [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }] },
  ]);
  run = await story.startOpen(task);
  await story.wait(run, 'make', { kind: 'external' });
  await used.database.owner.query("update durabase.task_runs set actor_kind = 'user', actor_user_id = $2 where id = $1", [
    run,
    acme.users.owner,
  ]);
});

type Body = Readonly<Record<string, unknown>>;

const owner = (): CallOptions => ({ as: acme.users.owner });
const ask = (
  making: Making,
  key: string | undefined,
  options: CallOptions = owner(),
  json = making.json(world()),
): Promise<CallResult<Body>> =>
  used.api.call<Body>('POST', making.path(world()), {
    ...options,
    ...(json === undefined ? {} : { json }),
    headers: { ...options.headers, ...(key === undefined ? {} : { 'Idempotency-Key': key }) },
  });
const count = (sql: string): Promise<number> => readValue<number>(used.database.owner, sql);
/** Rows that all that was made, kept and told meanwhile. */
const made = async (making: Making, work: () => Promise<unknown>): Promise<number> => {
  const before = await count(making.counts);
  await work();
  return (await count(making.counts)) - before;
};
const AUDIT = 'select count(*)::int from durabase.audit_log';
const KEPT = 'select count(*)::int from durabase_private.kept_calls';

describe.each(MAKING)('$operation', (making) => {
  const { secret, status = 201, counts } = making;

  beforeEach(async () => {
    await createRunIn(used.database.owner, task, 'failed');
  });

  it('is done once for one key, and answered again', async () => {
    const key = randomUUID();
    const first = await ask(making, key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([status, null]);
    const before = [await count(counts), await count(AUDIT)];
    const again = await ask(making, key);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect([await count(counts), await count(AUDIT)]).toEqual(before);
    const signed =
      making.operation === 'createUpload'
        ? { url: expect.any(String), token: expect.any(String), expiresAt: expect.any(String) }
        : {};
    expect(again.body).toEqual({ ...first.body, ...(secret === undefined ? {} : { [secret]: null }), ...signed });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  });

  it('is done each time without a key, and for each other key', async () => {
    expect(await made(making, () => ask(making, undefined))).toBeGreaterThan(0);
    expect(await made(making, () => ask(making, undefined))).toBeGreaterThan(0);
    expect(await made(making, () => ask(making, randomUUID()))).toBeGreaterThan(0);
  });

  it('is done by one of ten who ask at once', async () => {
    const key = randomUUID();
    const one = await made(making, () => ask(making, undefined));
    await used.database.owner.query("delete from durabase.task_runs where state = 'queued'"); // what it has just made
    let all: readonly CallResult<Body>[] = [];
    const ten = await made(making, async () => {
      all = await Promise.all(Array.from({ length: 10 }, () => ask(making, key)));
    });
    expect(ten).toBe(one);
    expect(all.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(all.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      status,
    ]);
    if (secret !== undefined) expect(all.filter(({ body }) => body[secret] !== null)).toHaveLength(1);
  });

  it('keeps no secret', async () => {
    const key = randomUUID();
    const { body } = await ask(making, key);
    const kept = await readValue<string>(
      used.database.owner,
      'select to_jsonb(k)::text from durabase_private.kept_calls k where key = $1',
      [key],
    );
    for (const name of ['key', 'token', 'url']) if (typeof body[name] === 'string') expect(kept).not.toContain(body[name]);
    expect(kept).toContain(making.operation);
  });

  it('is refused when the key was used for something else', async () => {
    if (making.json(world()) === undefined) return; // restoring has no body: its path says which version
    const key = randomUUID();
    await ask(making, key);
    const before = [await count(counts), await count(AUDIT)];
    const refusal = await used.api.refusal('POST', making.path(world()), {
      ...owner(),
      json: making.other(world()),
      headers: { 'Idempotency-Key': key },
    });
    expect([inShort(refusal), refusal.path]).toEqual(['409 IDEMPOTENCY_CONFLICT', 'Idempotency-Key']);
    expect([await count(counts), await count(AUDIT)]).toEqual(before);
  });

  it('keeps nothing when it fails', async () => {
    const key = randomUUID();
    const before = [await count(counts), await count(KEPT)];
    const broken = await ask(making, key, { as: acme.users.viewer });
    if (making.operation === 'createWorkspace' || making.operation === 'operateOnRuns') {
      expect(broken.status).toBeLessThan(300); // whoever signs in may, and runs are refused one by one
      return;
    }
    expect([broken.status, broken.body['code']]).toEqual([403, 'FORBIDDEN']);
    expect([await count(counts), await count(KEPT)]).toEqual(before);
  });
});

describe('keys', () => {
  const [workspaces, invitations, apiKeys, bulk] = MAKING as unknown as readonly [Making, Making, Making, Making];

  it('of one caller are not those of another, nor those of another operation', async () => {
    const key = randomUUID();
    const first = await ask(workspaces, key);
    const second = await ask(workspaces, key, { as: acme.users.admin });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body['id']).not.toBe(first.body['id']);
    expect((await ask(apiKeys, key)).status).toBe(201);
  });

  it('of an API key are not those of its member', async () => {
    const { body } = await ask({ ...apiKeys, json: () => ({ name: 'x', scopes: ['admin'], workspace: acme.id }) }, undefined);
    const upload = MAKING.find(({ operation }) => operation === 'createUpload') ?? workspaces;
    const key = randomUUID();
    const byMember = await ask(upload, key);
    const byKey = await ask(upload, key, { headers: { apikey: String(body['key']) } });
    expect([byMember.status, byKey.status]).toEqual([201, 201]);
    expect(byKey.body['path']).not.toBe(byMember.body['path']);
  });

  it('answer what is there now, to whoever still sees it', async () => {
    const key = randomUUID();
    const { body } = await ask(workspaces, key);
    await used.api.call('PATCH', `/api/v1/workspaces/${String(body['id'])}`, { ...owner(), json: { name: 'Renamed' } });
    expect((await ask(workspaces, key)).body).toMatchObject({ id: body['id'], name: 'Renamed' });

    const guest = await createWorkspace(used.database.owner);
    const asAdmin = { as: guest.users.admin };
    const inGuest: Making = { ...invitations, path: () => `/api/v1/workspaces/${guest.id}/invitations` };
    const keyOfGuest: Making = { ...apiKeys, json: () => ({ name: 'x', scopes: ['runs:read'], workspace: guest.id }) };
    const upload: Making = {
      ...workspaces,
      path: () => '/api/v1/uploads',
      json: () => ({ workspace: guest.id, fileName: 'a', contentType: 'a/b', bytes: 1 }),
    };
    for (const making of [inGuest, keyOfGuest, upload]) expect((await ask(making, key, asAdmin)).status).toBe(201);
    await used.database.owner.query('delete from durabase.workspace_members where user_id = $1', [guest.users.admin]);
    const codes = await Promise.all(
      [inGuest, keyOfGuest, upload].map(async (making) => (await ask(making, key, asAdmin)).body['code']),
    );
    expect(codes).toEqual(['INVITATION_NOT_FOUND', 'API_KEY_NOT_FOUND', 'WORKSPACE_NOT_FOUND']);
  });

  it('tell of a bulk only the runs that the caller still sees', async () => {
    const guest = await createWorkspace(used.database.owner);
    const theirs = await createReadyTask(used.database.owner, guest.id);
    await createRunIn(used.database.owner, theirs, 'failed');
    for (const [operation, list] of [
      ['rerun', 'done'],
      ['pause', 'refused'], // what has ended is not held
    ] as const) {
      const making: Making = { ...bulk, json: () => ({ operation, filter: { workspace: guest.id, states: ['failed'] } }) };
      const [key, options] = [randomUUID(), { as: guest.users.editor }];
      expect((await ask(making, key, options)).body[list]).toHaveLength(1);
      expect((await ask(making, key, options)).body[list]).toHaveLength(1);
      await used.database.owner.query("update durabase.workspace_members set role = 'runner' where user_id = $1", [options.as]);
      const { status, body } = await ask(making, key, options);
      expect([status, (body[list] as readonly { newRunId?: string }[]).length]).toEqual([200, 0]);
      await used.database.owner.query("update durabase.workspace_members set role = 'editor' where user_id = $1", [options.as]);
    }
  });

  it('of a save go on telling that version, when others have been saved since', async () => {
    const save = MAKING.find(({ operation }) => operation === 'saveTask') ?? workspaces;
    const key = randomUUID();
    const first = await ask(save, key);
    await ask(save, undefined, owner(), save.other(world()));
    const again = await ask(save, key);
    expect(again.body['version']).toEqual(first.body['version']);
  });

  it('of an upload sign its path anew, until the file is there', async () => {
    const upload = MAKING.find(({ operation }) => operation === 'createUpload') ?? workspaces;
    const key = randomUUID();
    used.api.storage.answerWith({ status: 500, body: '' });
    expect((await ask(upload, key)).body['code']).toBe('STORAGE_UNAVAILABLE');
    used.api.storage.answerWith(undefined);
    const { status, body } = await ask(upload, key);
    expect(status).toBe(200);
    expect((await fetch(String(body['url']), { method: 'PUT', body: 'a,b\n' })).status).toBe(200);
    expect((await ask(upload, key)).body).toEqual({
      bucket: body['bucket'],
      path: body['path'],
      url: null,
      token: null,
      expiresAt: null,
    });
  });

  it('are taken by every call that makes something, and do no harm where they mean nothing', async () => {
    const keyed = Object.entries(routesByName)
      .filter(([, route]) => route.takesIdempotencyKey)
      .map(([name]) => name.replace(/Route$/, ''));
    const known = ['startRun', 'startTaskRun', 'startRuns', 'retryRun', 'rerunRun', 'forkRun', 'emitEvent'];
    expect(keyed.toSorted()).toEqual([...known, ...MAKING.map(({ operation }) => operation)].toSorted());
    expect(createApiKeyRoute.answers[200]?.safeParse({ key: 'dbk_x' }).success).toBe(false);

    const options = { ...owner(), headers: { 'Idempotency-Key': randomUUID() } };
    for (const rest of ['pause', 'pause', 'resume', 'resume', 'cancel', 'cancel']) {
      const { status, headers } = await used.api.call('POST', `/api/v1/runs/${run}/${rest}`, { ...options, json: {} });
      expect([rest, status < 300 || status === 409, headers.get('idempotency-replayed')]).toEqual([rest, true, null]);
    }
  });
});
