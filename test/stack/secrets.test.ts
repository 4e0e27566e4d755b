import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadSecrets } from '../../packages/local-stack/src/secrets.ts';
import { makeTempFolder } from './temp-folder.ts';

const folder = makeTempFolder();
const path = join(folder.path, 'secrets.json');

afterAll(() => folder.remove());

describe('loadSecrets', () => {
  it('makes them once', async () => {
    const made = await loadSecrets(path);
    expect(await loadSecrets(path)).toEqual(made);
    expect(made.realtimePassword).toMatch(/^[0-9a-f]{64}$/);
  });

  it('adds to an older file what it lacks, once, and keeps the rest', async () => {
    const { realtimePassword: _, ...older } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    writeFileSync(path, JSON.stringify(older));
    const completed = await loadSecrets(path);
    expect(completed).toEqual({ ...older, realtimePassword: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await loadSecrets(path)).toEqual(completed);
  });

  it('does not make up a secret that every version has had', async () => {
    const { jwtSecret: _, ...damaged } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    writeFileSync(path, JSON.stringify(damaged));
    await expect(loadSecrets(path)).rejects.toThrow('lacks "jwtSecret"');
  });
});
