import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { nested, objectOf, RECURSIVE_BOMB, useChecker } from './use-checker.ts';

const PROGRAM = fileURLToPath(new URL('./programs/count-threads.ts', import.meta.url));
const schemas = useChecker();

describe('the thread', () => {
  it('is ended by the processor time that it used, long before the clock would end it', async () => {
    await schemas.checkSchema({});
    const began = performance.now();
    expect(await schemas.checkValue(RECURSIVE_BOMB, nested(22))).toMatchObject([
      { message: 'the schema takes too long to check' },
    ]);
    expect(performance.now() - began).toBeLessThan(4_000);
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

  it('is as quick with the same schema again as if it had been compiled before', async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 600 }, (_, index) => [`p${index}`, { type: 'string', pattern: `^${index}` }]),
    );
    const schema = objectOf(properties);
    const timed = async (): Promise<number> => {
      const began = performance.now();
      await schemas.checkValue(schema, { p1: '1' });
      return performance.now() - began;
    };
    const firstMs = await timed();
    const laterMs = Math.min(await timed(), await timed(), await timed());
    expect(laterMs).toBeLessThan(firstMs / 4);
  });
});
