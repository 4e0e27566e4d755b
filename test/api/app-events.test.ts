import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { AppEvent } from '@durabase/contracts/api/event';
import { createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const statements: string[] = [];
const used = useApi({ onStatement: (name) => void statements.push(name) });
let acme: Workspace;
let stranger: string;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  stranger = await createUser(used.database.owner);
});

const PATH = '/api/v1/events';
const as = (role: keyof Workspace['users']): string => acme.users[role];
const emit = (user: string, json: object, headers: Readonly<Record<string, string>> = {}) =>
  used.api.call<AppEvent>('POST', PATH, { as: user, json: { workspace: acme.id, ...json }, headers });
const refused = async (user: string, json: object): Promise<string> =>
  inShort(await used.api.refusal('POST', PATH, { as: user, json: { workspace: acme.id, ...json } }));

describe('POST /api/v1/events', () => {
  it('keeps what happened, and tells the dispatchers', async () => {
    statements.length = 0;
    const { status, body } = await emit(as('runner'), { name: 'order.paid', data: { id: 7 } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'order.paid',
      data: { id: 7 },
      workspaceId: acme.id,
      actor: { kind: 'user', userId: as('runner') },
    });
    expect(statements).toContain('api_wake');
    expect((await emit(as('editor'), { name: 'nothing.more' })).body.data).toEqual({});
  });

  it('is for members who may run tasks', async () => {
    expect(await refused(as('viewer'), { name: 'x' })).toBe('403 FORBIDDEN');
    expect(await refused(stranger, { name: 'x' })).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('makes one event for one key', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await emit(as('runner'), { name: 'once', data: { n: 1 } }, headers);
    const second = await emit(as('runner'), { name: 'once', data: { n: 1 } }, headers);
    expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await used.api.refusal('POST', PATH, {
      as: as('runner'),
      json: { workspace: acme.id, name: 'once', data: { n: 2 } },
      headers,
    });
    expect([inShort(other), other.path]).toEqual(['409 IDEMPOTENCY_CONFLICT', 'Idempotency-Key']);
  });

  it.each([
    ['no name', {}, '422 INVALID_REQUEST'],
    ['a name with spaces', { name: 'a b' }, '422 INVALID_REQUEST'],
    ['data that is a list', { name: 'x', data: [1] }, '422 INVALID_REQUEST'],
    ['a field that is not known', { name: 'x', payload: {} }, '422 INVALID_REQUEST'],
    ['too much data', { name: 'x', data: { text: 'x'.repeat(262_144) } }, '413 BODY_TOO_LARGE'],
  ])('refuses %s', async (_, json, answer) => {
    expect(await refused(as('runner'), json)).toBe(answer);
  });

  it('shares its path with the list only', async () => {
    const { headers, ...rest } = await used.api.refusal('DELETE', PATH, { as: as('owner') });
    expect([inShort(rest), headers.get('allow')]).toEqual(['405 METHOD_NOT_ALLOWED', 'GET, POST']);
  });
});

describe('GET /api/v1/events', () => {
  interface Page {
    readonly items: readonly AppEvent[];
    readonly nextCursor: string | null;
  }
  const list = async (user: string, query: string): Promise<Page> =>
    (await used.api.call<Page>('GET', `${PATH}?${query}`, { as: user })).body;

  it('walks all pages, newest first', async () => {
    for (let n = 1; n <= 5; n += 1) await emit(as('runner'), { name: 'page', data: { n } });
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = await list(
        as('viewer'),
        `workspace=${acme.id}&name=page&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ data }) => data));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1].map((n) => ({ n })));
  });

  it('shows members all, a runner his own, and strangers none', async () => {
    const own = (await emit(as('runner'), { name: 'seen' })).body.id;
    const other = (await emit(as('editor'), { name: 'seen' })).body.id;
    const idsOf = async (user: string) => (await list(user, 'name=seen')).items.map(({ id }) => id);
    expect(await idsOf(as('viewer'))).toEqual([other, own]);
    expect(await idsOf(as('runner'))).toEqual([own]);
    expect(await idsOf(stranger)).toEqual([]);
  });

  it('refuses a cursor of another list', async () => {
    const cursor = Buffer.from('[1]').toString('base64url');
    expect(inShort(await used.api.refusal('GET', `${PATH}?cursor=${cursor}`, { as: as('viewer') }))).toBe('422 INVALID_REQUEST');
  });
});
