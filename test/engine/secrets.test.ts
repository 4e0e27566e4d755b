import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { useEngine } from '../support/use-engine.ts';

const CANARY = `canary-${randomBytes(12).toString('hex')}`;
const INPUT_CANARY = `plain-${randomBytes(12).toString('hex')}`;
const KEYS = JSON.stringify([{ id: 'k1', key: randomBytes(32).toString('base64') }]);

const engine = useEngine();
const url = (path: string): string => `${engine.target.url}${path}`;

const dumpDatabase = async (): Promise<string> => {
  const { rows } = await engine.db.owner.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('durabase', 'durabase_private')",
  );
  const texts = await Promise.all(
    rows.map(async ({ name }) => JSON.stringify((await engine.db.owner.query(`select * from ${name}`)).rows)),
  );
  return texts.join('\n');
};
const historyOf = async (runId: string): Promise<string> => {
  const { history } = await engine.temporal.workflowService.getWorkflowExecutionHistory({
    namespace: engine.temporal.options.namespace,
    execution: { workflowId: `run-${runId}` },
  });
  // Bytes are base64 in the JSON of a history: every text is searched in both readings.
  return JSON.stringify(history, (_, value: unknown) =>
    typeof value === 'string' ? `${value} ${Buffer.from(value, 'base64').toString('latin1')}` : value,
  );
};

beforeAll(async () => {
  await engine.startWorker({
    DURABASE_CODEC_KEYS: KEYS,
    DURABASE_SECRETS: JSON.stringify({
      KEY: { value: CANARY, hosts: [`127.0.0.1:${engine.target.port}`] },
      FOREIGN: { value: CANARY, hosts: ['api.example.com'] },
    }),
  });
}, 60_000);

describe('a secret', () => {
  it('reaches its host and nothing that is kept, also when the host sends it back', async () => {
    engine.target.on('/echo', (request, response) =>
      respondJson(response, { got: request.headers['authorization'], [request.headers['authorization'] ?? '']: 1 }),
    );
    await engine.saveTask({
      slug: 'echo',
      action: 'http',
      with: { url: url('/echo'), headers: { authorization: 'Bearer {{ secrets.KEY }}' } },
    });
    const runId = await engine.startRun('echo');
    const run = await engine.finished(runId);
    expect(engine.target.requests.find(({ path }) => path === '/echo')?.headers['authorization']).toBe(`Bearer ${CANARY}`);
    expect(run.output).toMatchObject({ body: { got: 'Bearer [secret KEY]' } });
    expect(await dumpDatabase()).not.toContain(CANARY);
    expect(await historyOf(runId)).not.toContain(CANARY);
  });

  it('does not show in the error of a failed attempt', async () => {
    engine.target.on('/tell', (request, response) => {
      response.writeHead(400).end(`you sent ${request.headers['authorization'] ?? ''}`);
    });
    await engine.saveTask({ slug: 'tell', action: 'http', with: { url: url('/tell'), auth: { bearer: '{{ secrets.KEY }}' } } });
    const runId = await engine.startRun('tell');
    const run = await engine.finished(runId);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'HTTP_REFUSED' } });
    expect(await dumpDatabase()).not.toContain(CANARY);
    expect(await historyOf(runId)).not.toContain(CANARY);
  });

  it('is not sent to a host that it is not bound to', async () => {
    await engine.saveTask({
      slug: 'elsewhere',
      action: 'http',
      with: { url: url('/stolen'), auth: { bearer: '{{ secrets.FOREIGN }}' } },
    });
    const run = await engine.finished(await engine.startRun('elsewhere'));
    expect(run).toMatchObject({ state: 'failed', error: { code: 'SECRET_REFUSED' } });
    expect(engine.target.requests.some(({ path }) => path === '/stolen')).toBe(false);
  });

  it('is never read from data: what looks like a template in an input stays text', async () => {
    await engine.saveTask({
      slug: 'data',
      action: 'http',
      with: { url: url('/data'), method: 'POST', headers: { 'x-note': '{{ input.note }}' }, json: { note: '{{ input.note }}' } },
    });
    await engine.finished(await engine.startRun('data', { note: '{{ secrets.KEY }}' }));
    const sent = engine.target.requests.find(({ path }) => path === '/data');
    expect(sent?.headers['x-note']).toBe('{{ secrets.KEY }}');
    expect(sent?.body).toBe('{"note":"{{ secrets.KEY }}"}');
  });

  it('may not stand where it would be kept', async () => {
    await expect(
      engine.saveTask({ slug: 'kept', action: 'http', with: { url: `${url('/x')}?k={{ secrets.KEY }}` } }),
    ).rejects.toThrow(/the secret .{3,20} may not stand here/);
    await expect(
      engine.saveTask({ slug: 'typo', action: 'http', with: { url: url('/x'), auth: { bearer: '{{ secrets.KAY }}' } } }),
    ).rejects.toThrow(/did you mean \\"KEY\\"/);
  });
});

describe('the payload codec', () => {
  it('leaves nothing readable in the history: inputs, outputs and failures', async () => {
    engine.target.on('/secretive', (_, response) => {
      response.writeHead(400).end(INPUT_CANARY);
    });
    await engine.saveTask({ slug: 'secretive', action: 'http', with: { url: `${url('/secretive')}?q={{ input.q }}` } });
    const runId = await engine.startRun('secretive', { q: INPUT_CANARY });
    await engine.finished(runId);
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('FAILED'));
    const history = await historyOf(runId);
    expect(history).toContain('binary/durabase-aes-256-gcm');
    expect(history).toContain(engine.workspaceId);
    expect(history).not.toContain(INPUT_CANARY);
    expect(history).not.toContain('answered 400');
  });

  it('adopts from encrypted histories as well', async () => {
    await engine.saveTask({ slug: 'nap', steps: [{ id: 'nap', action: 'sleep', with: { duration: '1 hour' } }] });
    const runId = await engine.startRun('nap');
    await eventually(async () =>
      expect((await engine.db.owner.query('select state from durabase.task_runs where id = $1', [runId])).rows).toEqual([
        { state: 'waiting' },
      ]),
    );
    await eventually(async () =>
      expect(JSON.stringify(await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory())).toContain('timerStarted'),
    );
    await engine.db.owner.query('delete from durabase.task_runs where id = $1', [runId]);
    await engine.temporal.workflow.getHandle(`run-${runId}`).terminate();
    await eventually(async () =>
      expect((await engine.db.owner.query('select source from durabase.task_runs where id = $1', [runId])).rows).toEqual([
        { source: 'adopted' },
      ]),
    );
  });
});
