import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';

const BIN = join(import.meta.dirname, '../../../packages/cli/src/durabase.ts');
const PACKAGES = join(import.meta.dirname, '../../../node_modules');

export interface Ending {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface UsedCli {
  /** A folder of its own for the files of a project. */
  readonly folder: string;
  /** Writes a file of the project, and gives its name. */
  write(name: string, content: string | object): string;
  /** Runs the real program. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ending>;
}

/** Call it at the top of a file. */
export const useCli = (environment: () => Promise<Readonly<Record<string, string>>>): UsedCli => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'durabase-cli-'));
    symlinkSync(PACKAGES, join(folder, 'node_modules')); // modules find our packages, as those of a project do
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    write: (name, content) => {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return name;
    },
    run: async (args, env) => {
      const child = spawn(process.execPath, [BIN, ...args], {
        cwd: folder,
        env: { PATH: process.env['PATH'], ...(env ?? (await environment())) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, out, err };
    },
  };
};
