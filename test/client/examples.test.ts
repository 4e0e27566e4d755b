import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { useEngine } from '../support/use-engine.ts';
import { type Endpoint, startEndpoint } from './support/endpoint.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

describe('the examples', () => {
  const engine = useEngine();
  let endpoint: Endpoint;

  beforeAll(async () => {
    endpoint = await startEndpoint(engine.db.urls);
    await engine.startWorker();
  }, 60_000);
  afterAll(() => endpoint.close());

  /** What a program prints, as somebody would run it. */
  const run = async (path: string): Promise<string> => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = spawn(process.execPath, [join(REPOSITORY, path)], {
      cwd: REPOSITORY,
      env: { ...env, DURABASE_SUPABASE_URL: endpoint.url, DURABASE_PUBLISHABLE_KEY: endpoint.publishableKey },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${path} ended with ${code}:\n${output}`);
    return output;
  };

  it('follows a run with the client', async () => {
    const output = await run('examples/client/follow-run.ts');
    const seqs = [...output.matchAll(/^(\d+) (\S+)/gm)].map(([, seq]) => Number(seq));
    expect(seqs.length).toBeGreaterThan(5);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(output).toMatch(/connection: live/);
    expect(output).toMatch(/run\.completed \ncompleted: slept 2 seconds more\n$/);
  }, 30_000);

  it('follows rows with supabase-js alone', async () => {
    const output = await run('examples/postgres-changes/watch-runs.ts');
    expect(output).toMatch(/Subscribed to PostgreSQL/);
    expect(output).toMatch(/ running \(version \d+\)/);
    expect(output).toMatch(/ completed \(version \d+\)\ncompleted\n$/);
  }, 30_000);
});
