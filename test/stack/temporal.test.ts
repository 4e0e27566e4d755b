import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import {
  createNamespace,
  findTemporal,
  freePorts,
  startTemporal,
  type TemporalServer,
} from '../../packages/local-stack/src/index.ts';
import { makeTempFolder } from './temp-folder.ts';

const folder = makeTempFolder();
let server: TemporalServer;
let connection: Connection;

beforeAll(async () => {
  const { path } = await findTemporal({ env: process.env, onProgress: () => {} });
  const [port = 0, httpPort = 0, metricsPort = 0] = await freePorts(3);
  server = await startTemporal({
    binaryPath: path,
    port,
    httpPort,
    metricsPort,
    namespace: 'first',
    cwd: folder.path,
    env: process.env,
    logFile: join(folder.path, 'temporal.log'),
    log: () => {},
  });
  connection = await Connection.connect({ address: server.address });
}, 600_000);

afterAll(async () => {
  await connection.close();
  await server.program.stop();
  folder.remove();
});

const writeProgram = (name: string, output: string): string => {
  const path = join(folder.path, name);
  writeFileSync(path, `#!/bin/sh\necho '${output}'\n`);
  chmodSync(path, 0o755);
  return path;
};

describe('startTemporal', () => {
  it('makes its namespace usable, with a week of retention', async () => {
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'first' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(168 * 3600);
  });
});

describe('createNamespace', () => {
  it('returns when workflows can be started and found by our search attributes', async () => {
    await createNamespace({ address: server.address, namespace: 'second' });
    const client = new Client({ connection, namespace: 'second' });
    await client.workflow.start('anything', {
      taskQueue: 'nobody',
      workflowId: 'one',
      searchAttributes: { DurabaseTask: ['t1'] },
    });
    const { count } = await client.workflow.count("DurabaseTask = 't2'");
    expect(Number(count)).toBe(0);
  });

  it('completes a namespace that exists already', async () => {
    await connection.workflowService.registerNamespace({
      namespace: 'bare',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    await createNamespace({ address: server.address, namespace: 'bare' });
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'bare' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(168 * 3600);
  });
});

describe('findTemporal', () => {
  it('prefers the setting', async () => {
    const path = writeProgram('set', 'temporal version 1.9.0 (Server 1.32.0, UI 2.51.0)');
    const found = await findTemporal({ env: { ...process.env, DURABASE_TEMPORAL_BIN: path }, onProgress: () => {} });
    expect(found).toEqual({ path, serverVersion: '1.32.0' });
  });

  it('refuses a setting that names something else', async () => {
    const path = writeProgram('other', 'hello');
    const attempt = findTemporal({ env: { DURABASE_TEMPORAL_BIN: path }, onProgress: () => {} });
    await expect(attempt).rejects.toThrow(`${path} is not a usable Temporal CLI`);
  });

  it('takes a recent program from the PATH and passes over an old one', async () => {
    const path = writeProgram('temporal', 'temporal version 1.10.2 (Server 1.33.0, UI 2.60.0)');
    const env = { ...process.env, DURABASE_TEMPORAL_BIN: '', PATH: `${folder.path}:${process.env['PATH']}` };
    expect(await findTemporal({ env, onProgress: () => {} })).toEqual({ path, serverVersion: '1.33.0' });
    writeProgram('temporal', 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)');
    const progress: string[] = [];
    const found = await findTemporal({ env, onProgress: (text) => progress.push(text) });
    expect(found.path).not.toBe(path);
    expect(progress[0]).toContain('version 1.5.1, older than 1.8.0');
  });
});
