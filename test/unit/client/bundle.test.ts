import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** The bundler that Temporal's worker brings for the workflows. */
interface Webpack {
  (options: object, done: (error: Error | null, stats?: Stats) => void): { close(done: () => void): void };
}
interface Stats {
  hasErrors(): boolean;
  toString(options: object): string;
}

const ENTRY = join(import.meta.dirname, '../../../packages/client/src/index.ts');
const LIMIT = 25_000;
const fromWorker = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'));
const folder = mkdtempSync(join(tmpdir(), 'durabase-client-bundle-'));
let code = '';

/** For a browser, as an ES module, minified, with supabase-js left to the app. */
const bundle = (): Promise<void> => {
  const webpack = fromWorker('webpack') as Webpack;
  const options = {
    mode: 'production',
    target: ['web', 'es2022'],
    entry: ENTRY,
    externals: ['@supabase/supabase-js'],
    externalsType: 'module',
    experiments: { outputModule: true },
    output: { path: folder, filename: 'client.mjs', library: { type: 'module' } },
    module: {
      rules: [
        {
          test: /\.ts$/,
          loader: fromWorker.resolve('swc-loader'),
          options: { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } },
        },
      ],
    },
  };
  return new Promise((resolve, reject) => {
    const compiler = webpack(options, (error, stats) => {
      compiler.close(() => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() === true) reject(new Error(stats.toString({ all: false, errors: true })));
        else resolve();
      });
    });
  });
};

beforeAll(async () => {
  await bundle();
  code = readFileSync(join(folder, 'client.mjs'), 'utf8');
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the client in a browser', () => {
  it(`has at most ${LIMIT / 1_000} KB, minified and packed, without supabase-js`, () => {
    const { length } = gzipSync(code);
    expect(length).toBeLessThanOrEqual(LIMIT);
    expect(length).toBeGreaterThan(3_000);
  });
  it('holds no schemas, and nothing that only Node has', () => {
    expect(code).toMatch(/createDurabase/);
    expect(code).not.toMatch(/zod|node:|require\(|process\.env|Buffer/i);
  });
  it('takes supabase-js from the app', () => {
    expect(code).toMatch(/from"@supabase\/supabase-js"/);
  });
});
