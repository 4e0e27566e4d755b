import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { compileExpression, type CompileOptions } from '../../../../src/domain/expression/compile-expression.ts';
import { KIND } from '../../../../src/domain/expression/static-type.ts';
import { typeOfSchema } from '../../../../src/domain/expression/type-of-schema.ts';
import { programOf, refusal } from './run-expression.ts';

const input: Json = {
  type: 'object',
  properties: {
    n: { type: 'number' },
    i: { type: ['integer', 'null'] },
    s: { type: 'string' },
    b: { type: 'boolean' },
    e: { enum: ['a', 'b', 3] },
    c: { const: 7 },
    l: { type: 'array', items: { type: 'object', properties: { q: { type: 'string' } }, additionalProperties: false } },
    pair: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } },
    either: {
      anyOf: [{ type: 'string' }, { type: 'object', properties: { x: { type: 'number' } }, additionalProperties: false }],
    },
    open: { type: 'object', properties: { known: { type: 'string' } } },
    named: { type: 'object', patternProperties: { '^x': { type: 'string' } }, additionalProperties: false },
    ref: { $ref: '#/$defs/x' },
    odd: { type: ['constructor', 3] },
    anything: true,
    nothing: false,
  },
  additionalProperties: false,
};
const OPTIONS: CompileOptions = { variables: { input, steps: true } };

const REFUSED: readonly (readonly [string, string, string, string | undefined])[] = [
  ["input.n > 'x'", 'TYPE', '> cannot be used between input.n (a number) and "x"', 'write int(…) or double(…) around the text'],
  [
    'input.s + input.n',
    'TYPE',
    '+ cannot be used between input.s (text) and input.n (a number)',
    'write string(…) around the number',
  ],
  ['input.i + "x"', 'TYPE', '+ cannot be used between input.i (a number or null) and "x"', undefined],
  [
    'input.typo',
    'UNKNOWN_PROPERTY',
    'input has no "typo"',
    'known: "n", "i", "s", "b", "e", "c", "l", "pair", "either", "open", "named", "ref", "odd", "anything", "nothing"',
  ],
  ['input["nn"]', 'UNKNOWN_PROPERTY', 'input has no "nn"', 'did you mean "n"?'],
  ['input.l[0].p', 'UNKNOWN_PROPERTY', 'input.l[0] has no "p"', 'known: "q"'],
  ['input.l.map(x, x.p)', 'UNKNOWN_PROPERTY', 'x has no "p"', 'known: "q"'],
  ['input.l.filter(x, x.q == "")[0].p', 'UNKNOWN_PROPERTY', 'the value has no "p"', 'known: "q"'],
  ['input.l.map(x, {"a": x.q})[0].b', 'UNKNOWN_PROPERTY', 'the value has no "b"', 'known: "a"'],
  ['input.either.y', 'UNKNOWN_PROPERTY', 'input.either has no "y"', 'known: "x"'],
  ['{"a": 1}.b', 'UNKNOWN_PROPERTY', '{"a": 1} has no "b"', 'known: "a"'],
  ['input.s.q', 'TYPE', 'input.s is text and has no "q"', undefined],
  ['input.s.length', 'TYPE', 'input.s is text and has no "length"', 'write size(input.s)'],
  ['input.l.q', 'TYPE', 'input.l is a list and has no "q"', undefined],
  ['input.l["q"]', 'TYPE', 'input.l is a list and has no "q"', undefined],
  ['input.s[0]', 'TYPE', 'input.s is text and cannot be read by 0, which is a number', undefined],
  ['input.l[input.s]', 'TYPE', 'input.l is a list and cannot be read by input.s, which is text', undefined],
  [
    'input.n && true',
    'TYPE',
    'a condition is true or false, but input.n is a number',
    'compare it: a == b, a != null, size(a) > 0',
  ],
  ['input.s ? 1 : 2', 'TYPE', 'a condition is true or false, but input.s is text', 'compare it: a == b, a != null, size(a) > 0'],
  [
    'input.l.filter(x, x.q)',
    'TYPE',
    'a condition is true or false, but x.q is text',
    'compare it: a == b, a != null, size(a) > 0',
  ],
  ['input.n.map(x, x)', 'TYPE', 'a loop goes over a list or an object, but input.n is a number', undefined],
  ['!input.s', 'TYPE', '! cannot be used with input.s (text)', undefined],
  ['size(input.b)', 'TYPE', 'size() cannot be used with input.b (true or false)', undefined],
  ['input.c.startsWith("a")', 'TYPE', 'startsWith() cannot be used with input.c (a number), "a"', undefined],
  ['1 in input.s', 'TYPE', 'in cannot be used between 1 and input.s (text)', undefined],
  ['timestamp(input.s) + 1', 'TYPE', '+ cannot be used between timestamp(input.s) (a timestamp) and 1', undefined],
  [
    '(input.b ? 1 : 2) + "a"',
    'TYPE',
    '+ cannot be used between input.b ? 1 : 2 (a number) and "a"',
    'write string(…) around the number',
  ],
  ['input.l.exists(x, x.q == "") + 1', 'TYPE', '+ cannot be used between the value (true or false) and 1', undefined],
  [
    'coalesce(input.s, 1) && true',
    'TYPE',
    'a condition is true or false, but coalesce(input.s, 1) is a number or text or null',
    'compare it: a == b, a != null, size(a) > 0',
  ],
  [
    'timestamp("2026-13-01")',
    'INVALID_VALUE',
    '"2026-13-01" is not a timestamp',
    'write it as 2026-11-21T08:30:00Z, or 2026-11-21',
  ],
  [
    'input.n == 1 ? duration("1 hour") : duration("1h")',
    'INVALID_VALUE',
    'duration() cannot use "1 hour" (string): parse duration: invalid syntax',
    undefined,
  ],
  [
    'input.s.matches("(")',
    'INVALID_VALUE',
    'not a regular expression of RE2: missing closing ): `(`',
    'RE2 has no look-around and no back-references',
  ],
  [
    'input.s.matches("(?<=a)b")',
    'INVALID_VALUE',
    'not a regular expression of RE2: invalid named capture: `(?<=a)b`',
    'RE2 has no look-around and no back-references',
  ],
  [
    'coalesce(input.s.x, "a") && true',
    'TYPE',
    'a condition is true or false, but coalesce(input.s.x, "a") is text or null',
    'compare it: a == b, a != null, size(a) > 0',
  ],
];

const TAKEN = [
  'input.n > 1 && input.i > 1',
  'input.i == null || input.i > 1',
  'input.n == "x"',
  'input.e == 3 || input.e.startsWith("a")',
  'input.e + 1',
  'input.c + 1.5',
  'input.pair[0].size() + input.pair[1]',
  'input.either.x + input.either.size()',
  'input.open.unknown.deeper',
  'input.named.xyz',
  'input.ref.anything[0]',
  'input.odd.a + 1',
  'input.odd.startsWith("")',
  'input.anything.x > "y"',
  'input.nothing.x',
  'has(input.typo)',
  'coalesce(input.typo, input.s.x, 1) + 1',
  'steps.a.output.b + 1',
  'dyn(input.s) + 1',
  'input.l.map(x, x.q).join(",").size() + input.l.size()',
  'input.l[input.n].q',
  'input[input.s]',
  'input.map(k, k)',
  '{"a": 1, input.s: 2}.b',
  '{1: "a"}[1] + {true: "b"}[true]',
  '[1, "a"].exists(x, x == 1)',
  '[1, "a"][input.n] + 1',
  '(input.b ? "a" : 1) + 1',
  'json.parse(input.s).a.b + 1',
  '[].map(x, x.y + 1)',
  'type(input.n) == int',
  'input.b ? input.s : input.n',
  'timestamp(input.s) - timestamp(input.s) > duration("1h")',
  'math.greatest(input.l.map(x, size(x.q)))',
];

describe('what can never work', () => {
  it.each(REFUSED)('%s', (source, code, message, suggestion) => {
    const problem = refusal(source, OPTIONS);
    expect(problem).toMatchObject({ code: `EXPRESSION_${code}`, message });
    expect(problem.suggestion).toBe(suggestion);
  });

  it('is placed where it stands', () => {
    expect(refusal('input.b &&\n  input.n > "x"', OPTIONS).position).toEqual({ line: 2, column: 11, offset: 21 });
    expect(refusal('1 + input.typo', OPTIONS)).toMatchObject({ path: 'input.typo', position: { offset: 9 } });
  });

  it('is told once where one follows from another', () => {
    const compiled = compileExpression('input.typo.a.b + 1 > "x"', OPTIONS);
    expect(compiled.ok ? [] : compiled.problems.map(({ code }) => code)).toEqual([
      'EXPRESSION_UNKNOWN_PROPERTY',
      'EXPRESSION_TYPE',
    ]);
  });
});

describe('what may work', () => {
  it('takes a whole number of JSON for an int or a double: 1e300 is one', () => {
    expect(typeOfSchema({ type: 'integer' }).kinds).toBe(KIND.int | KIND.double);
  });

  it.each(TAKEN)('%s', (source) => expect(programOf(source, OPTIONS).source).toBe(source));
});

describe('what the place expects', () => {
  it.each([
    ['input.s', 'boolean', 'the expression must give true or false, but gives text'],
    ['input.n + 1', 'string', 'the expression must give text, but gives a number'],
    ['"a"', 'array', 'the expression must give a list, but gives text'],
    ['[1]', 'object', 'the expression must give an object, but gives a list'],
    ['input.l.size() == 1', 'number', 'the expression must give a number, but gives true or false'],
  ] as const)('%s is no %s', (source, expects, message) => {
    expect(refusal(source, { ...OPTIONS, expects })).toMatchObject({ code: 'EXPRESSION_TYPE', message });
  });

  it.each([
    ['input.anything', 'boolean'],
    ['input.n > 1 && input.b', 'boolean'],
    ['input.l.all(x, x.q != "")', 'boolean'],
    ['timestamp(input.s)', 'string'],
    ['b"x"', 'string'],
    ['1u', 'number'],
    ['input.i', 'number'],
    ['coalesce(input.typo, [])', 'array'],
    ['{}', 'object'],
  ] as const)('%s may be %s', (source, expects) => {
    expect(programOf(source, { ...OPTIONS, expects }).source).toBe(source);
  });
});
