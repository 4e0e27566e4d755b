import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@durabase/contracts';
import { nested, objectOf, RECURSIVE_BOMB, useChecker } from './use-checker.ts';

const PROGRAM = fileURLToPath(new URL('./programs/count-threads.ts', import.meta.url));
const PATIENCE_MS = 25_000;
const schemas = useChecker();
const patient = useChecker({ patienceMs: PATIENCE_MS });
const unhurried = useChecker({ timeoutMs: 60_000, patienceMs: 60_000 });

describe('the thread', () => {
  it('is ended by the processor time that it used, long before the clock would end it', async () => {
    const began = performance.now();
    const [found] = await patient.checkValue(RECURSIVE_BOMB, nested(22));
    expect(found?.message).toBe('the schema takes too long to check');
    expect(performance.now() - began).toBeLessThan(PATIENCE_MS);
  });

  it('starts with the first check, again after a bomb, and keeps no process alive', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], { timeout: 25_000 });
    expect(JSON.parse(stdout)).toEqual([0, 1, 1, 1, 2]);
  });

  it('keeps compiled schemas within its memory', async () => {
    const found: unknown[] = [];
    for (let round = 0; round < 8; round += 1) {
      const properties = Object.fromEntries(
        Array.from({ length: 800 }, (_, index) => [`p${round}_${index}`, { type: 'string', minLength: 1, maxLength: 20 }]),
      );
      found.push(await schemas.checkSchema(objectOf(properties)));
    }
    expect(found).toEqual(Array.from({ length: 8 }, () => []));
  });

  it('compiles a schema once', async () => {
    const make = (round: number): JsonObject =>
      objectOf(
        Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`p${round}_${index}`, { type: 'string', maxLength: 9 }])),
      );
    const timed = async (schema: JsonObject): Promise<number> => {
      const began = performance.now();
      expect(await unhurried.checkValue(schema, {})).toEqual([]);
      return performance.now() - began;
    };
    const freshMs: number[] = [];
    const againMs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      freshMs.push(await timed(make(round)));
      againMs.push(await timed(make(round)));
    }
    expect(Math.min(...againMs)).toBeLessThan(Math.min(...freshMs) / 3);
  });
});
