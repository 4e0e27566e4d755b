import { beforeAll, describe, expect, it } from '@jest/globals';
import { isShapeName, SHAPES } from './shapes.ts';
import { describeHistory } from './support/describe-event.ts';
import { describeMismatches, findMismatches } from './support/find-mismatches.ts';
import { findMissing } from './support/find-missing.ts';
import { installQuietRuntime } from './support/quiet-runtime.ts';
import { readHistories } from './support/stored-histories.ts';

/** To be raised with each history that is recorded, so that none gets lost. */
const HISTORY_COUNT = 39;

const histories = readHistories();

/** A history with its payloads in clear text. */
const unfold = (text: string): string =>
  text.replaceAll(/"data":"([^"]*)"/g, (_, data: string) => `"data":${Buffer.from(data, 'base64').toString()}`);

beforeAll(installQuietRuntime);

describe('recorded histories', () => {
  it('are there for every shape', () => {
    expect([...new Set(histories.map(({ shape }) => shape))].toSorted()).toEqual(Object.keys(SHAPES).toSorted());
    expect(histories).toHaveLength(HISTORY_COUNT);
  });

  it.each(histories)('have what their shape promises: $name', ({ shape, history }) => {
    if (!isShapeName(shape)) throw new Error(`${shape} is no shape`);
    expect(findMissing(SHAPES[shape], describeHistory(history))).toBeUndefined();
  });

  it.each(histories)('do not say where they were recorded: $name', ({ text }) => {
    const plain = unfold(text);
    expect(plain).toContain('openRun'); // it is the clear text
    expect(plain).not.toMatch(/"(?:identity|stackTrace|workerVersion|taskId)"|\.[jt]s:\d|file:\/\/|node_modules/);
    expect(plain).not.toMatch(/[\w.-]+\/\d+\/[0-9a-f]{8}\b|"\d+@[\w.-]+"/); // names of workers and clients
  });

  it.each([
    ['plain payloads', false],
    ['encoded ones', true],
  ])('replay against the workflows that are deployed with %s', async (_, isEncoded) => {
    const mismatches = await findMismatches(histories, { isEncoded });
    if (mismatches.length > 0) throw new Error(describeMismatches(mismatches));
  });
});

describe('findMissing', () => {
  it('finds the first line that does not come, or comes too early', () => {
    expect(findMissing(['a', 'b'], ['a', 'x', 'b'])).toBeUndefined();
    expect(findMissing(['a', 'b'], ['b', 'a'])).toBe('b');
    expect(findMissing(['a', 'a'], ['a'])).toBe('a');
    expect(findMissing(['a'], [])).toBe('a');
  });
});
