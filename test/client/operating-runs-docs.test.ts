import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunHandle } from '../../packages/client/src/index.ts';
import { startTestApi, type TestApi } from '../api/support/test-api.ts';
import { asUser } from '../support/as-role.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';
import { type Endpoint, startEndpoint } from './support/endpoint.ts';
import { createPerson, type Person } from './support/people.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operating-runs.md'), 'utf8');
/** The one block of the page in this language. */
const exampleIn = (language: string): string => {
  const [found, another] = [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))];
  if (found?.[1] === undefined || another !== undefined) throw new Error(`the page should have one block of ${language}`);
  return found[1];
};

interface Scene {
  readonly run: RunHandle;
  readonly failed: RunHandle;
}

interface Example {
  example(surroundings: Readonly<Record<string, unknown>>): Promise<void>;
}

describe('docs/operating-runs.md', () => {
  const engine = useEngine();
  let endpoint: Endpoint;
  let api: TestApi;
  let person: Person;
  let isBroken = true;

  beforeAll(async () => {
    endpoint = await startEndpoint(engine.db.urls);
    api = await startTestApi({ gatewayUrl: engine.db.urls.gatewayUrl });
    person = createPerson(endpoint, engine.userId);
    await engine.startWorker();
    engine.target.on('/first', (_, response) => void response.end('{}'));
    engine.target.on('/second', (_, response) => void response.writeHead(isBroken ? 500 : 200).end('{}'));
    const call = (path: string) => ({ action: 'http', with: { url: `${engine.target.url}${path}` } });
    await engine.saveTask({ slug: 'print', steps: [{ id: 'press', action: 'external' }] });
    await engine.saveTask({
      slug: 'two',
      steps: [
        { id: 'first', ...call('/first') },
        { id: 'second', needs: ['first'], ...call('/second'), retry: { maxAttempts: 1 } },
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await person.durabase.close();
    await api.close();
    await endpoint.close();
  });

  const setScene = async (): Promise<Scene> => {
    isBroken = true;
    const failed = await person.durabase.start('two');
    await failed.result().catch(() => undefined); // it fails on purpose
    isBroken = false;
    const run = await person.durabase.start('print');
    await eventually(async () => expect((await run.get()).state).toBe('waiting'));
    await engine.db.owner.query('delete from durabase.events');
    return { run, failed };
  };

  /** What every example of the page does. */
  const expectAllDone = async ({ run, failed }: Scene): Promise<void> => {
    expect((await failed.get()).state).toBe('failed');
    expect(await run.result()).toEqual({ pages: 3 });
    const kinds = (await engine.events(run.id)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['run.paused', 'run.resumed', 'step.completed']));
    const relations: string[] = [];
    for await (const link of failed.links()) relations.push(link.relation);
    expect(relations).toEqual(['retry', 'rerun', 'fork']);
    const { rows } = await engine.db.owner.query('select name, data from durabase.events');
    expect(rows).toEqual([{ name: 'order.paid', data: { orderId: 7 } }]);
  };

  const runShell = async (script: string, env: Readonly<Record<string, string>>): Promise<string> => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { env: { PATH: process.env['PATH'], ...env } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`the example ended with ${code}:\n${output}`);
    return output;
  };

  it('works by curl', async () => {
    const scene = await setScene();
    const output = await runShell(exampleIn('sh'), {
      API: api.url,
      AUTH: `Authorization: Bearer ${await api.auth.sign(engine.userId)}`,
      RUN: scene.run.id,
      FAILED: scene.failed.id,
    });
    expect(output).toMatch(/"summary":"paused by /);
    expect(output).toMatch(/"matchCount":[1-9]/);
    await expectAllDone(scene);
  });

  it.each(['ts', 'js'])('works by what it shows in %s', async (language) => {
    const scene = await setScene();
    const lines: string[] = [];
    const quiet = { log: (...words: readonly unknown[]) => void lines.push(words.join(' ')) };
    const source = `export const example = async ({ durabase, supabase, run, failed, console }) => {${exampleIn(language)}};`;
    const { example } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Example;
    await example({ ...person, ...scene, console: quiet });
    if (language === 'ts') {
      expect(lines[0]).toMatch(/^paused by .*: audit$/);
      expect(lines.at(-1)).toMatch(/^[1-9]\d* runs would be retried$/);
    }
    await expectAllDone(scene);
  });

  it('works by SQL', async () => {
    const scene = await setScene();
    const statements = exampleIn('sql').split(/;\n+/).filter(Boolean);
    for (const statement of statements) {
      const sql = statement.replaceAll(":'run'", `'${scene.run.id}'`).replaceAll(":'failed'", `'${scene.failed.id}'`);
      const { rowCount } = await asUser(engine.db.owner, engine.userId, (client) => client.query(sql));
      expect([statement, (rowCount ?? 0) > 0]).toEqual([statement, true]);
    }
    await expectAllDone(scene);
  });
});
