import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SHAPES } from './shapes.ts';
import { type Change, withChangedWorkflows } from './support/change-workflows.ts';
import { describeMismatches, findMismatches, type Mismatch } from './support/find-mismatches.ts';
import { installQuietRuntime } from './support/quiet-runtime.ts';
import { readHistories } from './support/stored-histories.ts';

jest.setTimeout(120_000); // each change is bundled anew

const histories = readHistories();
const replayChanged = (...changes: readonly Change[]): Promise<readonly Mismatch[]> =>
  withChangedWorkflows(changes, (workflows) => findMismatches(histories, { workflows }));
const namesOf = (mismatches: readonly Mismatch[]): readonly string[] => mismatches.map(({ name }) => name).toSorted();
const withLine = (line: string): readonly string[] =>
  Object.entries<readonly string[]>(SHAPES)
    .filter(([, lines]) => lines.includes(line))
    .map(([name]) => name)
    .toSorted();

beforeAll(installQuietRuntime);

describe('a change of the workflow code', () => {
  const inReverse = 'done.toReversed()';

  it('that takes steps in another order is refused, by the name of the shape and of both steps', async () => {
    const mismatches = await replayChanged({ file: 'walk-steps.ts', from: inReverse, to: 'done' });
    expect(namesOf(mismatches)).toEqual(['undone']);
    expect(mismatches[0]?.reason).toContain(
      'after pick → pack → ship, "unpack" was recorded, but the code now asks for "unpick"',
    );
    expect(describeMismatches(mismatches)).toMatch(
      /1 recorded histories[^]*undone: after[^]*patched\("<id>"\)[^]*versions\.md[^]*replay:record/,
    );
  });

  it('may take steps in another order behind a patch', async () => {
    const mismatches = await replayChanged(
      { file: 'walk-steps.ts', from: inReverse, to: `(patched('undo-forwards') ? done : ${inReverse})` },
      { file: 'walk-steps.ts', from: 'import { CancellationScope }', to: 'import { CancellationScope, patched }' },
    );
    expect(mismatches).toEqual([]);
  });

  const finish = 'const stored = await';

  it('that waits before it finishes is refused, for everything that finishes', async () => {
    const mismatches = await replayChanged({ file: 'run-task.ts', from: finish, to: `await sleep(1);\n  ${finish}` });
    expect(namesOf(mismatches)).toEqual(withLine('local finishRun'));
    expect(mismatches.find(({ name }) => name === 'one-step')?.reason).toContain(
      'after local openRun → pick, "local finishRun" was recorded, but the code now asks for "timer"',
    );
  });

  it('may wait before it finishes behind a patch', async () => {
    const mismatches = await replayChanged(
      { file: 'run-task.ts', from: finish, to: `if (patched('rest-before-end')) await sleep(1);\n  ${finish}` },
      { file: 'run-task.ts', from: '  isCancellation,\n', to: '  isCancellation,\n  patched,\n' },
    );
    expect(mismatches).toEqual([]);
  });

  it('that leaves something out is refused, by the name of what is left out', async () => {
    const mismatches = await replayChanged({
      file: 'take-loop.ts',
      from: "(await keepBook('closeLoop', request)).state",
      to: "'completed'",
    });
    expect(namesOf(mismatches)).toEqual(['long-loop-goes-on', 'loop', 'loop-of-waits']);
    expect(mismatches.find(({ name }) => name === 'loop')?.reason).toContain(
      '"local closeLoop" was recorded, but the code now asks for "pack"',
    );
  });

  it('that throws is refused, with what it throws', async () => {
    const mismatches = await replayChanged({
      file: 'run-task.ts',
      from: 'const ids = executionIds();',
      to: "throw new TypeError('out of order');",
    });
    expect(mismatches).toHaveLength(histories.length);
    expect(new Set(mismatches.map(({ reason }) => reason))).toEqual(new Set(['the code throws: out of order']));
  });

  it('that this test makes is found where it is to be made, or the test says so', async () => {
    await expect(replayChanged({ file: 'index.ts', from: 'no such words', to: '' })).rejects.toThrow(
      'src/workflows/index.ts has 0 times instead of once: no such words',
    );
  });
});
