import { describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, startRun } from '../support/build-rows.ts';
import { callValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();

describe('GET /healthz', () => {
  it('says that the process lives', async () => {
    const { status, body } = await used.api.call('GET', '/healthz');
    expect([status, body]).toEqual([200, { status: 'ok' }]);
  });
});

describe('GET /readyz', () => {
  it('is degraded until a worker polls', async () => {
    const before = await used.api.call('GET', '/readyz');
    expect(before.status).toBe(200);
    expect(before.body).toEqual({
      status: 'degraded',
      parts: { database: { status: 'ok' }, workers: { status: 'none', polling: 0 } },
    });
    const worker = { p_worker: 'w', p_task_queue: 'q', p_started_at: new Date(), p_is_polling: true, p_details: {} };
    await callValue(used.database.engine, 'durabase_private.beat', worker);
    await eventually(async () => {
      const { body } = await used.api.call('GET', '/readyz');
      expect(body).toEqual({ status: 'ready', parts: { database: { status: 'ok' }, workers: { status: 'ok', polling: 1 } } });
    });
  });
});

describe('GET /metrics', () => {
  it('counts requests by route, never by path, and shows the figures of the instance', async () => {
    await used.api.call('GET', '/api/v1/runs/secret-looking-path');
    await used.api.call('GET', '/no/such/place');
    await used.api.call('PROPFIND', '/healthz');
    const { headers, text } = await used.api.call('GET', '/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(
      /durabase_http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/runs\/:run",status="401"\} 1/,
    );
    expect(text).toMatch(/route="none",status="404"/);
    expect(text).toMatch(/method="other",route="\/healthz",status="405"/);
    expect(text).not.toMatch(/secret-looking|such|PROPFIND/);
    expect(text).toMatch(/^durabase_database_up 1$/m);
    expect(text).toMatch(/^durabase_runs_queued 0$/m);
  });

  it('shows the newest seal of the audit with its hash, and none that are older', async () => {
    interface Seal {
      readonly seal: number;
      readonly hash: string;
    }
    const sealOne = async (): Promise<Seal> => {
      const task = await createReadyTask(used.database.owner, (await createWorkspace(used.database.owner)).id);
      await startRun(used.database.owner, task);
      return callValue<Seal>(used.database.engine, 'durabase_private.seal_audit');
    };
    for (let n = 0; n < 2; n += 1) {
      const { seal, hash } = await sealOne();
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      await eventually(async () => {
        const { text } = await used.api.call('GET', '/metrics');
        expect(text.match(/^durabase_audit_seal.*$/gm)).toEqual([`durabase_audit_seal{hash="${hash}"} ${seal}`]);
      });
    }
  });
});
