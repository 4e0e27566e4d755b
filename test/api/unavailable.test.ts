import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { useDatabase } from '../support/use-database.ts';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.ts';
import { inShort, startTestApi, type TestApi } from './support/test-api.ts';

let api: TestApi;
let proxy: TcpProxy;
afterAll(async () => {
  await api.close();
  await proxy.close();
});
const database = useDatabase();
let workspace: Workspace;

beforeAll(async () => {
  proxy = await startTcpProxy(database.urls.gatewayUrl);
  api = await startTestApi({ gatewayUrl: proxy.url });
  workspace = await createWorkspace(database.owner);
  await createReadyTask(database.owner, workspace.id);
});

describe('while the database is away', () => {
  it('refuses with 503 and a time to come back, and recovers by itself', async () => {
    const as = workspace.users.editor;
    const start = { as, json: {} };
    expect((await api.call('POST', '/api/v1/tasks/greet/runs', start)).status).toBe(201);
    expect((await api.call('GET', '/readyz')).body).toMatchObject({ status: 'degraded' });

    await proxy.cut();
    for (const [method, path, options] of [
      ['POST', '/api/v1/tasks/greet/runs', start],
      ['GET', '/api/v1/runs', { as }],
      ['POST', '/api/v1/tasks', { as, json: { slug: 'x', action: 'sleep', with: { duration: '1 s' } } }],
    ] as const) {
      const refusal = await api.refusal(method, path, options);
      expect([path, inShort(refusal)]).toEqual([path, '503 DATABASE_UNAVAILABLE']);
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(refusal)).not.toMatch(/ECONN|127\.0\.0\.1|terminated/);
    }
    expect((await api.call('GET', '/healthz')).status).toBe(200);
    await eventually(async () => {
      const { status, body, headers } = await api.call('GET', '/readyz');
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      expect(body).toMatchObject({ status: 'unavailable', parts: { database: { status: 'unavailable' } } });
    });
    await eventually(async () => expect((await api.call('GET', '/metrics')).text).toMatch(/^durabase_database_up 0$/m));

    await proxy.restore();
    await eventually(async () => expect((await api.call('POST', '/api/v1/tasks/greet/runs', start)).status).toBe(201));
    await eventually(async () => expect((await api.call('GET', '/readyz')).body).toMatchObject({ status: 'degraded' }));
  });

  it('answers every submission that was on its way', async () => {
    const as = workspace.users.editor;
    const starting = Array.from({ length: 40 }, () => api.call('POST', '/api/v1/tasks/greet/runs', { as, json: {} }));
    await Promise.race(starting);
    await proxy.cut();
    const statuses = new Set((await Promise.all(starting)).map((answer) => answer.status));
    expect([...statuses].every((status) => status === 201 || status === 503)).toBe(true);
    await proxy.restore();
    await eventually(async () => expect((await api.call('GET', '/api/v1/runs', { as })).status).toBe(200));
  });

  it('tells probes in time when the database is silent', async () => {
    await eventually(async () => expect((await api.call('GET', '/readyz')).status).toBe(200));
    proxy.freeze();
    await eventually(async () => expect((await api.call('GET', '/readyz')).status).toBe(503));
    await proxy.cut();
    await proxy.restore();
    await eventually(async () => expect((await api.call('GET', '/readyz')).status).toBe(200));
  });
});
