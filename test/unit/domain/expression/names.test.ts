import { describe, expect, it } from '@jest/globals';
import type { CompileOptions } from '../../../../src/domain/expression/compile-expression.ts';
import { compileExpression } from '../../../../src/domain/expression/compile-expression.ts';
import { programOf, refusal } from './run-expression.ts';

const OPTIONS: CompileOptions = {
  variables: { input: true, steps: true, run: true },
  refused: { secrets: 'a secret stands alone in a field for secrets' },
};

const UNKNOWN: readonly (readonly [string, string, string | undefined])[] = [
  ['inptu.a', 'there is no "inptu"', 'did you mean "input"?'],
  ['.inptu.a', 'there is no "inptu"', 'did you mean "input"?'],
  ['yes', 'there is no "yes"', 'known: "input", "steps", "run"; text stands in quotes'],
  ['input.l.map(item, itme.a)', 'there is no "itme"', 'did you mean "item"?'],
  ['stpes', 'there is no "stpes"', 'did you mean "steps"?'],
  ['[1].map(x, x) + [x]', 'there is no "x"', 'known: "input", "steps", "run"; text stands in quotes'],
  ['__proto__', 'there is no "__proto__"', 'known: "input", "steps", "run"; text stands in quotes'],
  ['constructor', 'there is no "constructor"', 'known: "input", "steps", "run"; text stands in quotes'],
];

const UNKNOWN_FUNCTIONS: readonly (readonly [string, string, string | undefined])[] = [
  ['input.a.startWith("x")', 'there is no function startWith()', 'did you mean "startsWith"?'],
  ['foo(1)', 'there is no function foo()', undefined],
  ['toString(1)', 'there is no function toString()', 'write string(…)'],
  ['constructor(1)', 'there is no function constructor()', undefined],
  ['input.a.toLowerCase()', 'there is no function toLowerCase()', 'write text.lowerAscii()'],
  ['Math.round(input.a)', 'there is no function Math.round()', 'write math.round(a)'],
  ['math.flor(input.a)', 'there is no function math.flor()', 'did you mean "math.floor"?'],
  ['now()', 'there is no function now()', 'there is no clock; pass the time in the input of the run'],
  ['lowerAscii(input.a)', 'lowerAscii() is a method', 'write value.lowerAscii(…)'],
  ['input.a.int()', 'int() is no method', 'write int(value)'],
  ['input.a.substring(1, 2, 3)', 'substring() takes 1 or 2 arguments, not 3', undefined],
  ['math.greatest()', 'math.greatest() takes 1 to 5 arguments, not 0', undefined],
  ['input.a.trim(1)', 'trim() takes no arguments, not 1', undefined],
  ['has(input)', 'has(…) is not written like this', 'write has(input.name), with a dot'],
  ['has(input["a"])', 'has(…) is not written like this', 'write has(input.name), with a dot'],
  ['input.l.map(x.y, 1)', 'map(…) is not written like this', 'write list.map(x, value), or list.map(x, condition, value)'],
  ['coalesce(input.a)', 'coalesce() takes at least 2 arguments', 'write coalesce(input.a, other)'],
];

describe('names', () => {
  it.each(UNKNOWN)('refuses %s', (source, message, suggestion) => {
    expect(refusal(source, OPTIONS)).toMatchObject({ code: 'EXPRESSION_UNKNOWN_NAME', message, suggestion });
  });

  it('refuses what exists but not here, with what to do instead', () => {
    expect(refusal('"Bearer " + secrets.KEY', OPTIONS)).toEqual({
      code: 'EXPRESSION_REFUSED',
      message: '"secrets" cannot be read here',
      suggestion: 'a secret stands alone in a field for secrets',
      position: { line: 1, column: 13, offset: 12 },
    });
  });

  it('reads what the caller allows', () => {
    expect(programOf('secrets.KEY', { variables: { secrets: true } }).evaluate({ secrets: { KEY: 'k' } })).toBe('k');
  });

  it('tells every unknown name at once, each at its place', () => {
    const compiled = compileExpression('aaa +\n bbb', OPTIONS);
    expect(compiled.ok ? [] : compiled.problems.map(({ message, position }) => [message, position.line])).toEqual([
      ['there is no "aaa"', 1],
      ['there is no "bbb"', 2],
    ]);
  });

  it('tells at most ten problems', () => {
    const compiled = compileExpression(Array.from({ length: 30 }, (_, index) => `x${index}`).join(' + '), OPTIONS);
    expect(compiled.ok ? 0 : compiled.problems.length).toBe(10);
  });

  it.each(['google.protobuf.Timestamp{seconds: 1}', 'Foo{}'])('makes no message: %s', (source) => {
    expect(refusal(source, OPTIONS)).toMatchObject({ code: 'EXPRESSION_REFUSED', suggestion: 'write {"name": value}' });
  });
});

describe('functions', () => {
  it.each(UNKNOWN_FUNCTIONS)('refuses %s', (source, message, suggestion) => {
    const problem = refusal(source, OPTIONS);
    expect(problem).toMatchObject({ code: 'EXPRESSION_UNKNOWN_FUNCTION', message });
    expect(problem.suggestion).toBe(suggestion);
  });

  it('never shows the names that stand in the tree alone', () => {
    for (const source of ['@tick(1)', '@select(input, "a")', '@list()'])
      expect(refusal(source, OPTIONS).code).toBe('EXPRESSION_SYNTAX');
    expect(JSON.stringify(refusal('lits()', OPTIONS))).not.toContain('@');
  });
});
