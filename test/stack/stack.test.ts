import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freeStackPorts, readStackFile, startStack, type StackOptions } from '../../packages/local-stack/src/index.ts';
import { postgresRootDir } from '../../packages/local-stack/src/postgres-home.ts';
import { identifyProcess } from '../../packages/local-stack/src/process-identity.ts';
import { eventually } from '../support/eventually.ts';
import { makeTempFolder, NOTES_MIGRATION, writeMigrations } from './temp-folder.ts';
import { startTestStack } from './test-stack.ts';

const RUN_STACK = join(import.meta.dirname, 'programs/run-stack.ts');
const LISTEN = join(import.meta.dirname, 'programs/listen.ts');

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const startTest = async (options: StackOptions = {}) => {
  const test = await startTestStack(options);
  undo.push(test.destroy);
  return test;
};

interface OutsideStack {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
}

/** A stack in a process of its own, which can be killed. */
const runStack = async (options: StackOptions): Promise<OutsideStack> => {
  const child = spawn(process.execPath, [RUN_STACK, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  undo.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
  await eventually(() => expect(lines).toContain('up'), { timeoutMs: 20_000 });
  return { child, lines };
};

const outsideOptions = async () => {
  const folder = makeTempFolder();
  const stateDir = join(folder.path, 'state');
  undo.push(() => {
    rmSync(postgresRootDir(stateDir), { recursive: true, force: true });
    folder.remove();
  });
  return {
    projectDir: folder.path,
    stateDir,
    migrationsDir: writeMigrations(folder.path, NOTES_MIGRATION),
    ports: await freeStackPorts(),
    api: LISTEN,
    worker: LISTEN,
    webUi: false,
  } satisfies StackOptions;
};

const pidsOf = (stateDir: string): Readonly<Record<string, number>> => readStackFile(stateDir)?.pids ?? {};

describe('startStack', () => {
  it('starts API and worker with what they need to know', async () => {
    const { stack } = await startTest({ api: LISTEN, worker: LISTEN });
    const file = readStackFile(stack.stateDir);
    expect(file).toMatchObject({ pid: process.pid, urls: stack.urls, keys: stack.keys, temporal: stack.temporal });
    expect(Object.keys(file?.pids ?? {}).toSorted()).toEqual(['api', 'postgres', 'supabase', 'temporal', 'worker']);
    expect(statSync(join(stack.stateDir, 'stack.json')).mode & 0o777).toBe(0o600);
    expect(stack.env.worker).toMatchObject({ DURABASE_DATABASE_URL: stack.urls.engine, DURABASE_ENVIRONMENT: 'local' });
    expect(stack.env.server).toMatchObject({ DURABASE_DATABASE_URL: stack.urls.gateway, DURABASE_PORT: String(stack.ports.api) });
    expect(await (await fetch(stack.urls.api)).text()).toBe(String(stack.programs.api?.pid));
  });

  it('starts a worker again that dies, unless it was to stay dead', async () => {
    const { stack, log } = await startTest({ worker: LISTEN });
    const first = stack.programs.worker?.pid;
    await stack.killWorker('SIGKILL');
    await eventually(() => expect(stack.programs.worker?.pid).toEqual(expect.any(Number)));
    expect(stack.programs.worker?.pid).not.toBe(first);
    expect(log).toContainEqual(expect.stringContaining('worker ended unexpectedly (SIGKILL)'));
    await stack.killWorker('SIGKILL', { restart: false });
    expect(stack.programs.worker?.pid).toBeUndefined();
    await stack.startWorker();
    expect(stack.programs.worker?.pid).toEqual(expect.any(Number));
    await stack.stopWorker();
    expect(stack.programs.worker?.pid).toBeUndefined();
  });

  it('runs beside a stack of another folder, with other keys', async () => {
    const [one, two] = await Promise.all([startTest(), startTest()]);
    expect(one.stack.keys.secret).not.toBe(two.stack.keys.secret);
    const readNotes = async (key: string): Promise<number> => {
      const answer = await fetch(`${one.stack.urls.supabase}/rest/v1/notes`, { headers: { apikey: key } });
      await answer.text();
      return answer.status;
    };
    expect(await readNotes(one.stack.keys.secret)).toBe(200);
    expect(await readNotes(two.stack.keys.secret)).toBe(401);
  });

  it('refuses a second start in the same folder and says where the first one listens', async () => {
    const { stack } = await startTest();
    const attempt = startStack({ stateDir: stack.stateDir, ports: 'free', log: () => {} });
    await expect(attempt).rejects.toThrow(stack.urls.supabase);
    expect(await (await fetch(`${stack.urls.supabase}/health`)).json()).toEqual({ status: 'ok' });
  });

  it('names the taken port and leaves nothing running', async () => {
    const { stack } = await startTest();
    const folder = makeTempFolder();
    undo.push(() => folder.remove());
    const ports = { ...(await freeStackPorts()), supabase: stack.ports.supabase };
    const attempt = startStack({ projectDir: folder.path, ports, log: () => {} });
    await expect(attempt).rejects.toThrow(`Port ${stack.ports.supabase} for the Supabase endpoint is taken`);
    expect(readStackFile(join(folder.path, '.durabase'))).toBeUndefined();
  });

  it('takes over after its parent was killed, with data and keys, and leaves no process behind', async () => {
    const options = await outsideOptions();
    const first = await runStack(options);
    const before = readStackFile(options.stateDir);
    const pids = Object.values(pidsOf(options.stateDir));
    expect(pids).toHaveLength(5);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await runStack(options);
    const after = readStackFile(options.stateDir);
    expect(after?.keys).toEqual(before?.keys);
    expect(second.lines.join('\n')).toMatch(/stopping temporal \(pid \d+\), left behind/);
    expect(second.lines.join('\n')).toMatch(/stopping postgres \(pid \d+\), left behind/);
    for (const pid of pids) expect(identifyProcess(pid)).toBeUndefined();

    const exited = once(second.child, 'exit');
    second.child.kill('SIGTERM');
    await exited;
    expect(readStackFile(options.stateDir)).toBeUndefined();
    for (const pid of Object.values(after?.pids ?? {})) expect(identifyProcess(pid)).toBeUndefined();
  }, 60_000);
});
