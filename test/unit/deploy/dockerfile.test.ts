import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const KNOWN = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'];
const instructions = lines.map((line) => {
  const [name = '', ...words] = line.trim().split(/\s+/);
  return { name, words };
});
const copied = instructions
  .filter(({ name, words }) => name === 'COPY' && words[0]?.startsWith('--from') !== true)
  .flatMap(({ words }) => words.slice(0, -1));
const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
const taken = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));

describe('the Dockerfile', () => {
  it('has instructions only that exist', () => {
    expect(instructions.filter(({ name }) => !KNOWN.includes(name))).toEqual([]);
  });

  it('copies what exists and what the build is given', () => {
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(copied.filter((path) => !taken.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))).toEqual([]);
    expect(ignored[0]).toBe('*');
  });

  it('copies from stages that were named before', () => {
    const stages: string[] = [];
    for (const { name, words } of instructions) {
      if (name === 'FROM' && words[1] === 'AS') stages.push(words[2] ?? '');
      const from = /^--from=(.+)$/.exec(words[0] ?? '')?.[1];
      if (name === 'COPY' && from !== undefined) expect(stages).toContain(from);
    }
  });

  it('builds the dashboard, and puts it where the API looks for it', () => {
    const from = instructions.filter(({ words }) => words[0] === '--from=dashboard').map(({ words }) => words.slice(1));
    expect(from).toEqual([['/app/packages/dashboard/dist', 'packages/dashboard/dist']]);
    const folder = /DASHBOARD = join\(import\.meta\.dirname, '\.\.\/([^']+)'\)/.exec(
      readFileSync(join(ROOT, 'src/server.ts'), 'utf8'),
    )?.[1];
    expect(folder).toBe('packages/dashboard/dist');
  });

  it('runs the Node that the repository uses, without rights', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly devDependencies: { readonly node: string };
    };
    const images = instructions.filter(({ name, words }) => name === 'FROM' && words[0]?.startsWith('node:') === true);
    expect(new Set(images.map(({ words }) => words[0]))).toEqual(new Set([`node:${devDependencies.node}-bookworm-slim`]));
    expect(instructions.find(({ name }) => name === 'USER')?.words).toEqual(['node']);
    expect(instructions.findIndex(({ name }) => name === 'USER')).toBeLessThan(
      instructions.findIndex(({ name }) => name === 'CMD'),
    );
  });

  it('starts a program that exists', () => {
    const command = instructions.find(({ name }) => name === 'CMD')?.words.join(' ') ?? '[]';
    const [program, entry = ''] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    expect(existsSync(join(ROOT, entry))).toBe(true);
  });
});
