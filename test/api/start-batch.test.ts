import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Run } from '@durabase/contracts/api/run';
import { createReadyTask, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { useApi } from './support/use-api.ts';

interface Result {
  readonly items: readonly (
    | { readonly run: Run; readonly isReplayed: boolean }
    | { readonly error: { readonly code: string; readonly path: string } }
  )[];
  readonly startedCount: number;
  readonly replayedCount: number;
  readonly refusedCount: number;
}

const used = useApi();
let acme: Workspace;

beforeEach(async () => {
  acme = await createWorkspace(used.database.owner);
  await createReadyTask(used.database.owner, acme.id);
});

const start = (runs: readonly object[], headers: Readonly<Record<string, string>> = {}, as = acme.users.runner) =>
  used.api.call<Result>('POST', '/api/v1/runs/batch', { as, json: { runs }, headers });
const countRuns = (): Promise<number> =>
  readValue(used.database.owner, 'select count(*)::int from durabase.task_runs where workspace_id = $1', [acme.id]);

describe('POST /api/v1/runs/batch', () => {
  it('starts a thousand runs in one call, in their order', async () => {
    const { status, body } = await start(Array.from({ length: 1_000 }, (_, n) => ({ task: 'greet', input: { n } })));
    expect(status).toBe(200);
    expect(body).toMatchObject({ startedCount: 1_000, replayedCount: 0, refusedCount: 0 });
    expect(body.items.map((item) => ('run' in item ? item.run.input : item))).toEqual(
      Array.from({ length: 1_000 }, (_, n) => ({ n })),
    );
    expect(await countRuns()).toBe(1_000);
  });

  it('refuses one by one, and starts all others', async () => {
    const { body } = await start([
      { task: 'greet' },
      { task: 'elsewhere' },
      { task: 'greet', runAt: '2999-01-01T00:00:00Z' },
      { task: 'greet', priority: 1 },
    ]);
    expect(body.items.map((item) => ('run' in item ? 'started' : `${item.error.code} ${item.error.path}`))).toEqual([
      'started',
      'TASK_NOT_FOUND task',
      'INVALID_REQUEST runAt',
      'started',
    ]);
    expect(body).toMatchObject({ startedCount: 2, refusedCount: 2 });
    expect(await countRuns()).toBe(2);
  });

  it('starts nothing twice: by the key of the call, and by one key each', async () => {
    const runs = [
      { task: 'greet', input: { n: 1 } },
      { task: 'greet', input: { n: 2 }, idempotencyKey: 'mine' },
    ];
    const first = await start(runs, { 'idempotency-key': 'batch-1' });
    const again = await start(runs, { 'idempotency-key': 'batch-1' });
    const idsOf = ({ items }: Result) => items.map((item) => ('run' in item ? item.run.id : item));
    expect(idsOf(again.body)).toEqual(idsOf(first.body));
    expect(again.body).toMatchObject({ startedCount: 0, replayedCount: 2 });
    const other = await start(
      [
        { task: 'greet', input: { n: 9 } },
        { task: 'greet', input: { n: 2 }, idempotencyKey: 'mine' },
      ],
      { 'idempotency-key': 'batch-1' },
    );
    expect(other.body.items[0]).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT', path: 'Idempotency-Key' } });
    expect(other.body.items[1]).toMatchObject({ isReplayed: true });
    expect(await countRuns()).toBe(2);
  });

  it.each([
    ['none', []],
    ['more than a thousand', Array.from({ length: 1_001 }, () => ({ task: 'greet' }))],
    ['one that is malformed', [{ task: 'greet' }, { task: '' }]],
  ])('starts nothing when there are %s', async (_what, runs) => {
    expect((await start(runs)).status).toBe(422);
    expect(await countRuns()).toBe(0);
  });

  it('asks for the right of each run', async () => {
    expect((await start([{ task: 'greet' }], {}, acme.users.viewer)).body).toMatchObject({
      refusedCount: 1,
      items: [{ error: { code: 'FORBIDDEN' } }],
    });
    expect(await countRuns()).toBe(0);
  });
});
