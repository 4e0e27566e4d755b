import { describe, expect, it } from '@jest/globals';
import { compileExpression } from '../../../../src/domain/expression/compile-expression.ts';
import { createConstantCheck } from '../../../../src/domain/plan/check-constant.ts';

const programOf = (source: string) => {
  const compiled = compileExpression(source, { variables: { input: true } });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
};

describe('createConstantCheck', () => {
  it('knows what reads nothing, and nothing else', () => {
    const check = createConstantCheck();
    expect(check(programOf('1 + 1 == 2'))).toEqual({ value: true });
    expect(check(programOf('1 / 0'))).toMatchObject({
      failure: { message: '1 (int) / 0 (int): a whole number cannot be divided by zero' },
    });
    expect(check(programOf('input.a == 1'))).toBeUndefined();
  });

  it('takes the work of a run for one expression only', () => {
    const check = createConstantCheck();
    const long = programOf('size(lists.range(10000).map(x, x + 1))');
    expect([check(long), check(long), check(programOf('2'))]).toEqual([{ value: 10_000 }, undefined, { value: 2 }]);
  });
});
