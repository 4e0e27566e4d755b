import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findTemporal } from '../../packages/local-stack/src/temporal-binary.ts';
import type { RunningWorker } from '../../src/create-worker.ts';
import { bundleWorkflows } from '../../src/platform/temporal/bundle-workflows.ts';
import { WAKE_SIGNAL } from '../../src/workflows/run-task.messages.ts';
import { type Change, withChangedWorkflows } from '../replay/support/change-workflows.ts';
import { findRun } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { readTestEnv } from '../support/test-database.ts';
import { useEngine } from '../support/use-engine.ts';

const DEPLOYMENT = 'shop';
/** So short that some signals make a run continue as new. */
const SHORT_HISTORIES: Change = { file: 'walk-control.ts', from: 'const MAX_EVENTS = 3_000;', to: 'const MAX_EVENTS = 30;' };
const SIGNALS = 30;
/** No run that a build without it has begun can be replayed with it. */
const finish = 'const stored = await';
const REST_BEFORE_END: Change = { file: 'run-task.ts', from: finish, to: `await sleep(1);\n${finish}` };

describe('workers of two builds', () => {
  const engine = useEngine();
  let folder: string;
  let program: string;
  let older: RunningWorker;
  /** Runs that the first build has begun. */
  const begunByOlder: string[] = [];

  /** The commands of docs/deploying-workers.md. */
  const temporal = async <Answer>(...args: readonly string[]): Promise<Answer> => {
    const where = ['--address', readTestEnv('temporalAddress'), '--namespace', readTestEnv('temporalNamespace'), '-o', 'json'];
    const { stdout } = await promisify(execFile)(program, ['worker', 'deployment', ...args, ...where]);
    return JSON.parse(stdout === '' ? 'null' : stdout) as Answer;
  };
  const makeCurrent = (buildId: string): Promise<void> =>
    // The version is there as soon as its worker has polled.
    eventually(() => temporal('set-current-version', '--deployment-name', DEPLOYMENT, '--build-id', buildId, '--yes'));
  const drainageOf = async (buildId: string): Promise<string | undefined> =>
    (
      await temporal<{ readonly drainageInfo?: { readonly drainageStatus?: string } }>(
        'describe-version',
        ...['--deployment-name', DEPLOYMENT, '--build-id', buildId],
      )
    ).drainageInfo?.drainageStatus;

  const build = async (buildId: string, changes: readonly Change[]): Promise<void> => {
    const { code } = await withChangedWorkflows(changes, (workflows) => bundleWorkflows({ isEncoded: false, workflows }));
    await writeFile(join(folder, `${buildId}.js`), code);
  };
  const startWorker = (buildId: string): Promise<RunningWorker> =>
    engine.startWorker(
      {
        DURABASE_DEPLOYMENT_NAME: DEPLOYMENT,
        DURABASE_BUILD_ID: buildId,
        // With room in its cache, a worker would begin what its own dispatcher starts.
        DURABASE_MAX_CACHED_WORKFLOWS: '100',
      },
      { workflowBundle: join(folder, `${buildId}.js`) },
    );
  const startRuns = (): Promise<readonly string[]> => Promise.all(Array.from({ length: 12 }, () => engine.startRun('gated')));
  const waiting = (runId: string) =>
    eventually(async () => expect(await findRun(engine.db.owner, runId)).toMatchObject({ state: 'waiting' }));
  /** Lets a run go on to its end, in Temporal as well. */
  const end = async (runId: string): Promise<void> => {
    await engine.call('durabase.complete_step', { run: runId, step: 'gate' });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed' });
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('COMPLETED'));
  };
  /** Whether this build alone has worked for the newest execution of a run; its first task may still be under way. */
  const expectBuild = (runId: string, buildId: string): Promise<void> =>
    eventually(async () => {
      const { events } = await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory();
      const builds = events?.flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
        done == null ? [] : [done.deploymentVersion?.buildId ?? 'none'],
      );
      expect([runId, [...new Set(builds)]]).toEqual([runId, [buildId]]);
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'durabase-builds-'));
    program = (await findTemporal({ env: process.env, onProgress: () => undefined })).path;
    await build('first', [SHORT_HISTORIES]);
    await build('second', [SHORT_HISTORIES, REST_BEFORE_END]);
    older = await startWorker('first');
    await engine.saveTask({ slug: 'gated', steps: [{ id: 'gate', action: 'external' }] });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('execute nothing before one of them is made the current one', async () => {
    const runId = await engine.startRun('gated');
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('RUNNING'));
    expect((await findRun(engine.db.owner, runId)).state).toBe('queued');
    await makeCurrent('first');
    await waiting(runId);
    await expectBuild(runId, 'first');
    begunByOlder.push(runId);
  }, 60_000);

  it('give new runs to the current build, whoever starts them', async () => {
    await startWorker('second');
    const before = await startRuns();
    for (const runId of before) await waiting(runId);
    for (const runId of before) await expectBuild(runId, 'first');
    begunByOlder.push(...before);
    await makeCurrent('second');
    const since = await startRuns();
    for (const runId of since) await waiting(runId);
    for (const runId of since) await expectBuild(runId, 'second');
    await Promise.all(since.map(end));
  }, 60_000);

  it('end each run on the build that began it, also when it continues as new', async () => {
    expect(await drainageOf('first')).toBe('draining');
    const [long = '', ...others] = begunByOlder;
    const handle = engine.temporal.workflow.getHandle(`run-${long}`);
    for (let sent = 0; sent < SIGNALS; sent += 1) await handle.signal(WAKE_SIGNAL, { by: 'dispatcher' });
    await eventually(async () => expect((await findRun(engine.db.owner, long)).epoch).toBeGreaterThan(1), { timeoutMs: 30_000 });
    await Promise.all([long, ...others].map(end));
    for (const runId of [long, ...others]) await expectBuild(runId, 'first');
  }, 120_000);

  it('are drained when their runs have ended, and can be stopped', async () => {
    await eventually(async () => expect(await drainageOf('first')).toBe('drained'), { timeoutMs: 40_000 });
    await older.stop();
    const runId = await engine.startRun('gated');
    await waiting(runId);
    await end(runId);
    await expectBuild(runId, 'second');
  }, 60_000);
});
