import { describe, expect, it } from '@jest/globals';
import { refusal, run } from './run-expression.ts';

const BROKEN: readonly (readonly [string, string, number, string | undefined])[] = [
  ['', 'the expression is empty', 1, 'write a value such as input.name'],
  ['  // nothing', 'the expression is empty', 1, 'write a value such as input.name'],
  ['1 +', 'something is missing after "+"', 3, undefined],
  ['(1 + ) * 2', 'something is missing after "+"', 4, undefined],
  ['* 2', 'something is missing before "*"', 1, undefined],
  ['1 2', '"1" and "2" stand side by side', 3, 'put an operator such as + or == between them'],
  ['"a" "b"', '"a" and "b" stand side by side', 5, 'put an operator such as + or == between them'],
  ['a and b', '"a" and "and" stand side by side', 3, 'write &&'],
  ['not a', '"not" and "a" stand side by side', 5, 'write !'],
  ['a constructor b', '"a" and "constructor" stand side by side', 3, 'put an operator such as + or == between them'],
  ['a === b', '"===" means nothing here', 3, 'write =='],
  ['a = b', '"=" means nothing here', 3, 'write == to compare; nothing can be assigned'],
  ['a ?? b', '"??" means nothing here', 3, 'write coalesce(a, b)'],
  ['a?.b', '"?." means nothing here', 2, 'write has(a.b) ? a.b : …, or coalesce(a.b, …)'],
  ['a.?b', '".?" means nothing here', 2, 'write has(a.b) ? a.b : …, or coalesce(a.b, …)'],
  ['$a', '"$" means nothing here', 1, 'names have no "$"'],
  ['{{ a }}', '"{{" means nothing here', 1, 'write the expression alone'],
  ['a == "b', 'the text that begins here is never closed', 6, 'add the quote'],
  ['a == "b\n"', 'the text that begins here is never closed', 6, 'add the quote'],
  ['f(1', '"(" is never closed', 2, 'add ")"'],
  ['[1, 2', '"[" is never closed', 1, 'add "]"'],
  ['f(1]', '"(" is closed by "]"', 4, 'write ")"'],
  ['1)', '")" closes nothing', 2, 'remove it'],
  ['"\\UFFFFFFFF"', 'an escape in a text means no character', 1, undefined],
  ['1 \u0000', '"\uFFFD" means nothing here', 3, undefined],
  ['1 \ud800', '"\uFFFD" means nothing here', 3, undefined],
  ['"\\ud800"', 'surrogate code points are not allowed', 1, undefined],
];

describe('a source that cannot be read', () => {
  it.each(BROKEN)('%s', (source, message, column, suggestion) => {
    const problem = refusal(source);
    expect(problem).toMatchObject({ code: 'EXPRESSION_SYNTAX', message });
    expect(problem.position).toMatchObject({ line: 1, column });
    expect(problem.suggestion).toBe(suggestion);
  });

  it('is placed by line, column and offset', () => {
    expect(refusal('1 +\r\n  2 +\n  ===').position).toEqual({ line: 3, column: 3, offset: 13 });
  });

  it.each(['9223372036854775808', '-9223372036854775809', '18446744073709551616u', '1e999'])(
    'refuses %s, which no number can hold',
    (source) => expect(refusal(source).code).toBe('EXPRESSION_OVERFLOW'),
  );
});

describe('a source that can be read', () => {
  it.each([
    ["'it''s'.size()", undefined],
    ['"}}" + \'{{\' + """a"b""" + r"\\d"', '}}{{a"b\\d'],
    ['1 // one\n + 2', 3],
    ['\n\t1\r\n+\u000c2 ', 3],
    ['"é😀\\u00e9\\U0001F600"', 'é😀é😀'],
    ['0x1F + 07', 38],
  ] as const)('%s', (source, result) => {
    if (result === undefined) expect(refusal(source).code).toBe('EXPRESSION_SYNTAX');
    else expect(run(source)).toBe(result);
  });
});
