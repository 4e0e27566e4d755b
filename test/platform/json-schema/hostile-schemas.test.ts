import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@durabase/contracts';
import { createJsonSchema } from '../../../src/platform/json-schema/index.ts';
import { longestTurnMs } from './longest-turn.ts';
import { BOMB, doubling, FUSE, HOARD, LOAD, nest, wide } from './schemas.ts';

/** Twenty times the allowance, which is processor time, and a new thread on a busy machine. */
const AT_ONCE_MS = 10_000;
const TOO_LONG = {
  path: 'input',
  message: 'the schema takes too long to check',
  hint: 'make it simpler: fewer alternatives inside each other',
};
const TOO_MUCH = {
  path: 'input',
  message: 'the schema takes too much memory to check',
  hint: 'make it smaller, or shorten what is checked',
};
const NOT_A_STRING = [{ code: 'INVALID_INPUT', path: 'input', message: 'must be a string, not a number' }];

const checker = createJsonSchema({});
const hoarder = createJsonSchema({ timeoutMs: 60_000, memoryMb: 24 });
beforeAll(() => Promise.all([checker.checkSchema({}), hoarder.checkSchema({})]));
afterAll(() => Promise.all([checker.close(), hoarder.close()]));

const timed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const began = performance.now();
  const result = await work();
  expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
  return result;
};

/** Texts at which an engine that goes back and forth never ends. */
const CATASTROPHIC: readonly (readonly [string, string])[] = [
  ['^(a+)+$', `${'a'.repeat(50_000)}!`],
  ['(x+x+)+y', 'x'.repeat(50_000)],
  ['^(a|aa)+$', `${'a'.repeat(50_000)}!`],
  ['^(.*)*(.*)*(.*)*$', `${'\n'.repeat(50_000)}`],
  ['^([a-zA-Z0-9]+\\s?)*$', `${'a'.repeat(50_000)}!`],
];

const SLOW: readonly (readonly [string, JsonObject, Json])[] = [
  ['alternatives inside each other', BOMB, FUSE],
  ['a comparison of every item with every other', { uniqueItems: true }, Array.from({ length: 30_000 }, (_, i) => ({ i }))],
];

describe('a schema that takes too long', () => {
  it.each(SLOW)('ends as a problem: %s', async (_, schema, value) => {
    expect(await timed(() => checker.checkValue(schema, value))).toEqual([{ code: 'INVALID_INPUT', ...TOO_LONG }]);
  });

  it('leaves a checker that works', async () => {
    for (let round = 0; round < 2; round += 1) {
      expect(await timed(() => checker.checkValue(BOMB, FUSE))).toMatchObject([TOO_LONG]);
      expect(await timed(() => checker.checkValue({ type: 'string' }, 1))).toEqual(NOT_A_STRING);
    }
  });

  it('is not told of schemas that stand behind it', async () => {
    const bomb = checker.checkValue(BOMB, FUSE);
    const behind = await Promise.all([checker.checkValue({ type: 'string' }, 1), checker.checkSchema({ type: 'string' })]);
    expect(behind).toEqual([NOT_A_STRING, []]);
    expect(await bomb).toMatchObject([TOO_LONG]);
  });

  it.each(CATASTROPHIC)('is none for the pattern %s', async (pattern, text) => {
    const [found, ...more] = await timed(() => checker.checkValue({ type: 'string', pattern }, text));
    expect(more).toEqual([]);
    if (found !== undefined) expect([`must match the pattern ${pattern}`, TOO_LONG.message]).toContain(found.message);
  });

  it('is none for names of properties either', async () => {
    const schema = { patternProperties: { '^(a+)+$': { type: 'string' } } };
    expect(await timed(() => checker.checkValue(schema, { [`${'a'.repeat(50_000)}!`]: 1 }))).toEqual([]);
  });
});

describe('a schema that takes too much memory', () => {
  it('ends as a problem, and leaves a checker that works', async () => {
    for (let round = 0; round < 2; round += 1) {
      expect(await hoarder.checkValue(HOARD, LOAD)).toEqual([{ code: 'INVALID_INPUT', ...TOO_MUCH }]);
      expect(await hoarder.checkValue({ type: 'string' }, 1)).toEqual(NOT_A_STRING);
    }
  });

  it('is not told of schemas that stand beside it', async () => {
    const [first, bad, last] = await Promise.all([
      hoarder.checkValue({ type: 'string' }, 1),
      hoarder.checkValue(HOARD, LOAD),
      hoarder.checkValue({ type: 'string' }, 1),
    ]);
    expect([first, last]).toEqual([NOT_A_STRING, NOT_A_STRING]);
    expect(bad).toMatchObject([TOO_MUCH]);
  });
});

describe('values at the bounds', () => {
  const deep = (levels: number): Json => nest(levels, (inner) => [inner], 1);

  it.each([
    ['deep beyond measure', deep(100_000)],
    ['four million characters', 'x'.repeat(4_000_000)],
  ])('are refused when they are %s', async (_, value) => {
    expect(await checker.checkValue({}, value)).toEqual([
      {
        code: 'INVALID_INPUT',
        path: 'input',
        message: 'is too large or nested too deeply to be checked',
        hint: 'store it elsewhere and pass its address',
      },
    ]);
  });

  it('end as an answer when a recursive schema follows them down', async () => {
    const tree = { $ref: '#/$defs/tree', $defs: { tree: { items: { $ref: '#/$defs/tree' } } } };
    const found = await timed(() => checker.checkValue(tree, deep(4_000)));
    if (found.length > 0) expect(found[0]).toMatchObject({ code: 'INVALID_INPUT', path: 'input' });
  });
});

describe('the event loop', () => {
  const longText = 'a'.repeat(1_000_000);
  const doublings = doubling(300);
  const large = { properties: wide(1_998, () => ({ type: 'string' })) };
  const tooLarge = { properties: wide(20_000, () => ({})) };
  const HEAVY: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a bomb goes off', () => checker.checkValue(BOMB, FUSE)],
    ['memory runs out', () => hoarder.checkValue(HOARD, LOAD)],
    ['a pattern is hard', () => checker.checkValue({ pattern: '^(a+)+$' }, longText)],
    ['references double', () => checker.checkSchema(doublings)],
    ['the schema is as large as it may be', () => checker.checkSchema(large)],
    ['the schema is far too large', () => checker.checkSchema(tooLarge)],
    ['a hundred checks wait', () => Promise.all(Array.from({ length: 100 }, () => checker.checkValue({ type: 'string' }, 'a')))],
  ];

  it.each(HEAVY)('is not held up while %s', async (_, work) => {
    expect(await longestTurnMs(work)).toBeLessThan(1_000); // each of these takes many seconds where it is not bounded
  });
});

describe('many checks at once', () => {
  it('are each told their own result', async () => {
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => checker.checkValue({ const: index % 10 }, index % 3 === 0 ? index % 10 : -1)),
    );
    results.forEach((found, index) => {
      expect(found.map(({ message }) => message)).toEqual(index % 3 === 0 ? [] : [`must be ${index % 10}`]);
    });
  });

  it('get through beside hostile ones', async () => {
    const jobs = Array.from({ length: 40 }, (_, index) =>
      index % 20 === 0 ? checker.checkValue(BOMB, FUSE) : checker.checkValue({ type: 'string' }, index % 2 === 0 ? 'a' : 1),
    );
    const results = await Promise.all(jobs);
    results.forEach((found, index) => {
      if (index % 20 === 0) expect(found).toMatchObject([TOO_LONG]);
      else expect(found).toEqual(index % 2 === 0 ? [] : NOT_A_STRING);
    });
  });
});

describe('close', () => {
  it('ends what waits and refuses what comes later, however often it is called', async () => {
    const closing = createJsonSchema({});
    const waiting = Promise.allSettled([closing.checkValue(BOMB, FUSE), closing.checkSchema({ type: 'string' })]);
    await closing.close();
    for (const outcome of await waiting) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    await expect(closing.checkSchema({})).rejects.toMatchObject({ code: 'INTERNAL' });
    await closing.close();
  });

  it('is nothing that a process must wait for, and schemas of users write nothing', async () => {
    const module = new URL('../../../src/platform/json-schema/index.ts', import.meta.url).href;
    const program = `
      const { createJsonSchema } = await import(${JSON.stringify(module)});
      const found = await createJsonSchema({}).checkValue({ format: 'phone', 'x-own': 1 }, 5);
      process.stdout.write(JSON.stringify(found));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'pipe'] });
    let written = '';
    child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(written).toBe('[]');
  });
});
