import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postgresRootDir } from '@durabase/local-stack/postgres-home';
import { identifyProcess, isAlive, type ProcessIdentity } from '@durabase/local-stack/process-identity';
import { eventually } from '../support/eventually.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Without Temporal's program, which is built first where it is missing. */
const LONGEST_MS = 180_000;
const WITH_BUILD_MS = 600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durabase-e2e-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Those that a process has started, and those that they have started. */
const listDescendants = (pid: number): readonly ProcessIdentity[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readStat(Number(name));
    if (stat !== undefined) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = new Set([pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return [...found].map(identifyProcess).filter((identity) => identity !== undefined);
};

const readStat = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended since the folder was read
  }
};

interface PlayedDemo {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  readonly processes: readonly ProcessIdentity[];
  readonly stateDirs: readonly string[];
}

/** Runs the demo away from a terminal, and notes everything that it starts and makes. */
const playDemo = async (onOutput: (output: string, interrupt: () => void) => void = () => undefined): Promise<PlayedDemo> => {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['demo/demo.ts'], {
    cwd: PROJECT,
    env: { ...inherited, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const processes = new Map<string, ProcessIdentity>();
  const stateDirs = new Set<string>();
  const look = setInterval(() => {
    if (child.pid === undefined || !existsSync('/proc/self/stat')) return;
    for (const identity of listDescendants(child.pid)) processes.set(`${identity.pid} ${identity.startedAt}`, identity);
    for (const name of readdirSync(folder)) if (name.startsWith('durabase-demo-')) stateDirs.add(join(folder, name));
  }, 200);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onOutput(output, () => child.kill('SIGINT'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(look);
  return { code, output, errors, processes: [...processes.values()], stateDirs: [...stateDirs] };
};

const expectNothingLeft = async ({ processes, stateDirs }: PlayedDemo): Promise<void> => {
  if (process.platform === 'linux') {
    expect(processes.length).toBeGreaterThan(4);
    expect(stateDirs).toHaveLength(1);
  }
  await eventually(() => expect(processes.filter(isAlive)).toEqual([]));
  expect(readdirSync(folder).filter((name) => name.startsWith('durabase-'))).toEqual([]);
  expect(stateDirs.map(postgresRootDir).filter((path) => existsSync(path))).toEqual([]);
};

/** Seven runs change more often than this, if every change is handed out. */
const FEWEST_CHANGES = 40;

/** Each subscriber was handed every change once, and one of them was really cut off meanwhile. */
const expectBothHeardAll = (lines: readonly string[]): void => {
  const begin = lines.findIndex((line) => line.startsWith('subscriber'));
  const [, , main = '', cutOff = '', absence = '', connections = ''] = lines.slice(begin);
  const [, changeCount] = main.split(/ {2,}/).map(Number);
  expect(changeCount).toBeGreaterThan(FEWEST_CHANGES);
  expect([main, cutOff].map((line) => line.split(/ {2,}/))).toEqual(
    ['main', 'cut off'].map((name) => [name, `${changeCount}`, `1…${changeCount}`, '0', '0']),
  );
  expect(absence).toMatch(/^cut off for \d+\.\d s, [1-9]\d* changes behind:$/);
  expect(connections).toMatch(/^ {2}live → reconnecting → (.* → )?live$/);
  // Away from a terminal no other line tells of states.
  expect(lines.filter((line) => line.includes('→'))).toEqual([connections]);
};

describe('npm run demo', () => {
  it(
    'ends with a table in which all sides agree, and leaves nothing behind',
    async () => {
      const beganAt = performance.now();
      let firstSceneAt = beganAt;
      const played = await playDemo((output) => {
        if (firstSceneAt === beganAt && output.includes('1. ')) firstSceneAt = performance.now();
      });
      const judgement = played.code === 0 ? '' : played.output.slice(played.output.indexOf('\n7. '));
      expect([played.code, played.errors, judgement]).toEqual([0, '', '']);
      expect(performance.now() - firstSceneAt).toBeLessThan(LONGEST_MS);
      const lines = played.output.trimEnd().split('\n');
      const rows = lines.filter((line) => line.endsWith('agree'));
      // Repeats are allowed, under the same key: a request more than asked for is no difference.
      const atLeast = (count: number): unknown => expect.stringMatching(new RegExp(`^[${count}-9]$`));
      expect(rows.map((row) => row.split(/ {2,}/).slice(1))).toEqual([
        ['HTTP', 'completed', 'Completed', '2 of 2', atLeast(2), 'agree'],
        ['HTTP', 'completed', 'Completed', '1 of 1', atLeast(3), 'agree'],
        ['supabase-js', 'completed', 'Completed', '4 of 4', atLeast(4), 'agree'],
        ['supabase-js', 'cancelled', 'Terminated', '0 of 0', '0', 'agree'],
        ['SQL trigger', 'completed', 'Completed', '4 of 4', atLeast(4), 'agree'],
        ['SQL trigger', 'completed', 'Completed', '4 of 4', atLeast(4), 'agree'],
        ['supabase-js', 'completed', 'Completed', '4 of 4', atLeast(5), 'agree'],
      ]);
      expectBothHeardAll(lines);
      expect(lines.at(-1)).toMatch(/^All agree, after \d+ s\.$/);
      expect(played.output).toMatch(/Web UI: http:\/\/127\.0\.0\.1:\d+/);
      expect(played.output).not.toContain('\u001b');
      await expectNothingLeft(played);
    },
    WITH_BUILD_MS,
  );

  it(
    'deletes everything when it is interrupted',
    async () => {
      let isInterrupted = false;
      const played = await playDemo((output, interrupt) => {
        if (isInterrupted || !output.includes('4. ')) return;
        isInterrupted = true;
        interrupt();
      });
      expect([played.code, played.errors]).toEqual([130, '']);
      expect(played.output).toContain('deleting everything');
      await expectNothingLeft(played);
    },
    WITH_BUILD_MS,
  );
});
