import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTcpProxy, type TcpProxy } from '../api/support/tcp-proxy.ts';
import { findRun } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { readTestEnv } from '../support/test-database.ts';
import { useEngine } from '../support/use-engine.ts';
import type { RunningWorker } from '../../src/create-worker.ts';

const engine = useEngine();
const url = (path: string): string => `${engine.target.url}${path}`;
const requestsTo = (path: string): number => engine.target.requests.filter((request) => request.path === path).length;

let database: TcpProxy;
let temporal: TcpProxy;
let worker: RunningWorker;

beforeAll(async () => {
  database = await startTcpProxy(engine.db.urls.engineUrl);
  temporal = await startTcpProxy(`tcp://${readTestEnv('temporalAddress')}`);
  worker = await engine.startWorker({
    DURABASE_DATABASE_URL: database.url,
    DURABASE_TEMPORAL_ADDRESS: new URL(temporal.url).host,
  });
  await engine.saveTask({ slug: 'call', action: 'http', with: { url: url('/effects'), method: 'POST' } });
}, 60_000);
afterAll(async () => {
  await database.close();
  await temporal.close();
}, 10_000);

describe('while Postgres is away', () => {
  it('keeps an effect that has happened and records it when the database is back, without repeating it', async () => {
    let release = (): void => undefined;
    engine.target.on('/held', async (_, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      respondJson(response, { done: true });
    });
    await engine.saveTask({ slug: 'held', action: 'http', with: { url: url('/held'), method: 'POST' } });
    const runId = await engine.startRun('held');
    await eventually(() => expect(requestsTo('/held')).toBe(1));
    await database.cut();
    release();
    expect(await worker.readiness()).toEqual({ database: false, temporal: true });
    // Longer than the heartbeat time-out and the patience of local activities.
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await database.restore();
    expect(await engine.finished(runId, 40_000)).toMatchObject({ state: 'completed', output: { body: { done: true } } });
    expect(requestsTo('/held')).toBe(1);
    const { events } = await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory();
    expect(events?.length).toBeLessThan(60);
  }, 90_000);

  it('goes on by itself afterwards', async () => {
    expect((await engine.finished(await engine.startRun('call'), 40_000)).state).toBe('completed');
  }, 60_000);
});

describe('while Temporal is away', () => {
  it('says so, keeps what is accepted queued, and starts it when Temporal is back', async () => {
    await temporal.cut();
    await eventually(async () => expect(await worker.readiness()).toMatchObject({ temporal: false }));
    const runIds = await Promise.all(Array.from({ length: 20 }, () => engine.startRun('call')));
    await eventually(async () => expect((await findRun(engine.db.owner, runIds[0] ?? '')).state).toBe('queued'));
    await temporal.restore();
    for (const runId of runIds) expect((await engine.finished(runId, 60_000)).state).toBe('completed');
    for (const runId of runIds) expect(engine.target.effects.get(`${runId}/main/0`)).toBe(1);
    await eventually(async () => expect(await worker.readiness()).toEqual({ database: true, temporal: true }));
  }, 120_000);

  it('does not keep a worker from coming up, and makes a new one until it polls', async () => {
    await temporal.cut();
    const log: string[] = [];
    const line = (event: string): void => void log.push(event);
    const quiet = { debug: line, info: line, warn: line, error: line, child: () => quiet };
    const starting = engine.startWorker({ DURABASE_TEMPORAL_ADDRESS: new URL(temporal.url).host }, { log: quiet });
    await eventually(() => expect(log.filter((event) => event === 'worker.died').length).toBeGreaterThan(1), {
      timeoutMs: 20_000,
    });
    await temporal.restore();
    await starting;
    expect(log).toContain('worker.polling');
  }, 60_000);
});
