import { formatPath } from '@durabase/contracts/json-path';
import { describe, expect, it } from '@jest/globals';
import { problem } from '../../../../src/domain/plan/problem.ts';

const PATHS: readonly (readonly [readonly (string | number)[], string])[] = [
  [[], ''],
  [['steps', 1, 'with', 'url'], 'steps[1].with.url'],
  [[0], '[0]'],
  [[0, 'a'], '[0].a'],
  [['headers', 'X-Api-Key'], 'headers.X-Api-Key'],
  [['input', 'first name'], 'input["first name"]'],
  [['input', 'a.b', 'c'], 'input["a.b"].c'],
  [['input', '0'], 'input["0"]'],
  [['input', 'say "x"'], 'input["say \\"x\\""]'],
];

describe('formatPath', () => {
  it.each(PATHS)('writes %j as %s', (parts, path) => {
    expect(formatPath(parts)).toBe(path);
  });

  it('tells different places apart', () => {
    const written = [['a', 'b'], ['a.b'], ['a', 0], ['a', '0'], ['a[0]'], ['a["b"]']].map(formatPath);
    expect(new Set(written).size).toBe(written.length);
  });
});

describe('problem', () => {
  it('is INVALID_TASK without a hint unless told otherwise', () => {
    expect(problem(['a'], 'wrong')).toEqual({ code: 'INVALID_TASK', path: 'a', message: 'wrong' });
    expect(problem([], 'wrong', { hint: 'right', code: 'UNKNOWN_ACTION' })).toEqual({
      code: 'UNKNOWN_ACTION',
      path: '',
      message: 'wrong',
      hint: 'right',
    });
  });
});
