import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { failure, programOf, run } from './run-expression.ts';

const INPUT: Json = {
  n: 5,
  d: 5.5,
  // What JSON.parse makes of 9007199254740993.
  big: Number('9007199254740993'),
  huge: 1e300,
  s: 'text',
  t: true,
  nothing: null,
  list: [1, 'two', null, { x: 1 }],
  empty: {},
  'odd name': { '': 1, '1': 'one', 'a.b': 2 },
};
const own = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "hasOwnProperty": null}') as Json;
const bindings = { input: INPUT, own };

describe('numbers', () => {
  it.each([
    ['input.n == 5', true],
    ['input.n == 5.0', true],
    ['input.n + 1', 6],
    ['input.n + 1.5', 6.5],
    ['input.d + 1', 6.5],
    ['1 - input.d', -4.5],
    ['input.d * 2', 11],
    ['2 * input.d', 11],
    ['input.n / 2', 2],
    ['input.n / 2.0', 2.5],
    ['double(input.n) / 2', 2.5],
    ['input.d / 2', 2.75],
    ['11 / input.d', 2],
    ['input.n % 3', 2],
    ['-7 % 3', -1],
    ['input.d % 2', 1.5],
    ['input.n % 1.5', 0.5],
    ['5.5 % 2.5', 0.5],
    ['-input.d', -5.5],
    ['input.n < 5.5 && 5.5 > input.n && input.n <= 5.0 && input.n >= 5.0 && input.n != 5.5', true],
    ['input.n in [5.0]', true],
    ['[1.0, 2] == [1, 2.0]', true],
    ['{"a": 1.0} == {"a": 1}', true],
    ['input.list[0] == input.list[0.0]', true],
    ['input.huge * 2', 2e300],
    ['type(input.n) == int && type(input.d) == double && type(input.huge) == double', true],
    ['type(input.big)', undefined],
    ['input.big == 9007199254740992.0', true],
    ['9007199254740991', 9_007_199_254_740_991],
    ['string(9007199254740993)', '9007199254740993'],
    ['9007199254740993 - 2', 9_007_199_254_740_991],
    ['1u + 2u', 3],
    ['-0.0', 0],
  ] as const)('%s', (source, result) => {
    if (result === undefined) expect(failure(source, bindings).code).toBe('EXPRESSION_NOT_JSON');
    else expect(run(source, bindings)).toBe(result);
  });

  it.each([
    [
      '9007199254740993',
      'EXPRESSION_OVERFLOW',
      'the result is 9007199254740993, and JSON holds whole numbers exactly up to 2^53 only',
    ],
    [
      '{"a": [1, -9007199254740993]}',
      'EXPRESSION_OVERFLOW',
      'a[1] of the result is -9007199254740993, and JSON holds whole numbers exactly up to 2^53 only',
    ],
    ['9223372036854775807 + input.n', 'EXPRESSION_OVERFLOW', '9223372036854775807 (int) + 5 (int) leaves the range of int'],
    ['-9223372036854775808 - input.n', 'EXPRESSION_OVERFLOW', '-9223372036854775808 (int) - 5 (int) leaves the range of int'],
    ['9223372036854775807 * input.n', 'EXPRESSION_OVERFLOW', '9223372036854775807 (int) * 5 (int) leaves the range of int'],
    ['int(input.huge)', 'EXPRESSION_OVERFLOW', '1e+300 (double) does not fit into int'],
    ['input.n / 0', 'EXPRESSION_INVALID_VALUE', '5 (int) / 0 (int): a whole number cannot be divided by zero'],
    ['input.n % 0', 'EXPRESSION_INVALID_VALUE', '5 (int) % 0 (int): a whole number cannot be divided by zero'],
    ['input.n / 0.0', 'EXPRESSION_NOT_JSON', 'the result is Infinity (double), which JSON does not have'],
    ['[0.0 / 0.0]', 'EXPRESSION_NOT_JSON', '[0] of the result is NaN (double), which JSON does not have'],
  ] as const)('%s fails', (source, code, message) => {
    expect(failure(source, bindings)).toMatchObject({ code, message });
  });
});

describe('what is there and what is not', () => {
  it.each([
    ['has(input.n)', true],
    ['has(input.nothing)', true],
    ['has(input.missing)', false],
    ['has(input.nothing.a)', false],
    ['has(input.s.a)', false],
    ['has({"a": null}.a)', true],
    ['"nothing" in input', true],
    ['"missing" in input', false],
    ['"a" in {"a": null}', true],
    ['null in input.list', true],
    ['input.nothing == null', true],
    ['input.nothing == 0 || input.nothing == ""', false],
    ['input["odd name"][""]', 1],
    ['input["odd name"]["a.b"]', 2],
    ['input["odd name"]["1"]', 'one'],
    ['size(input.empty)', 0],
    ['input.list[3].x', 1],
    ['coalesce(input.missing, input.nothing, "other")', 'other'],
    ['coalesce(input.n, 1 / 0)', 5],
    ['coalesce(input.missing.deeper["x"][0], 1)', 1],
    ['coalesce(input.list[9].x, input.list[3].x)', 1],
    ['coalesce(input.s.x, 1)', 1],
    ['coalesce(input.nothing, input.nothing)', null],
    ['coalesce(coalesce(input.a, input.nothing), coalesce(input.c, 7))', 7],
    ['[1, 2].map(x, coalesce(input.list[x].x, x))', [1, 2]],
    ['own.constructor', 2],
    ['own["__proto__"].a', 1],
    ['has(own.hasOwnProperty)', true],
    ['own.map(k, k)', ['__proto__', 'constructor', 'hasOwnProperty']],
  ] as const)('%s', (source, result) => expect(run(source, bindings)).toEqual(result));

  it.each([
    ['input.missing', 'input has no "missing"', 'input.missing'],
    ['input.S', 'input has no "S"', 'input.S'],
    ['input.nothing.a', 'input.nothing is null and has no "a"', 'input.nothing.a'],
    ['input.list[4]', 'input.list has 4 items and no item 4', 'input.list[4]'],
    ['input.list[-1]', 'input.list has 4 items and no item -1', 'input.list[-1]'],
    ['input["odd name"].x', 'input["odd name"] has no "x"', 'input["odd name"].x'],
    ['input["odd name"][1]', 'input["odd name"] has no 1 (int)', 'input["odd name"][1]'],
    ['input.constructor', 'input has no "constructor"', 'input.constructor'],
    ['input["__proto__"]', 'input has no "__proto__"', 'input.__proto__'],
    ['input.toString', 'input has no "toString"', 'input.toString'],
    ['input.list[0 + 4]', 'input.list has 4 items and no item 4', undefined],
    ['[input].map(x, x.nope)', 'x has no "nope"', 'x.nope'],
    ['has(input.missing.a)', 'input has no "missing"', 'input.missing'],
  ] as const)('%s is not there', (source, message, path) => {
    const problem = failure(source, bindings);
    expect(problem).toMatchObject({ code: 'EXPRESSION_NO_SUCH_KEY', message });
    expect(problem.path).toBe(path);
  });

  it('suggests a name that is near, or tells what there is', () => {
    expect(failure('input.lst', bindings).suggestion).toBe('did you mean "list"?');
    expect(failure('input.list[3].foo', bindings).suggestion).toBe('there is "x"');
    expect(failure('input.empty.foo', bindings).suggestion).toBe('it is empty');
    expect(failure('input["odd name"][1]', bindings).suggestion).toBe('names of a JSON object are text: write ["1"]');
  });

  it('reads nothing that the bindings inherit', () => {
    const program = programOf('input.a', { variables: { input: true } });
    const inherited = Object.create({ input: { a: 1 } }) as Record<string, Json>;
    expect(() => program.evaluate(inherited)).toThrow('"input" has no value here');
    expect(failure('input.a', { input: Object.create({ a: 1 }) as Json }).code).toBe('EXPRESSION_NO_SUCH_KEY');
  });

  it('reads names of the bindings that JavaScript gives to every object', () => {
    expect(run('constructor + toString', { constructor: 1, toString: 2 })).toBe(3);
    expect(() => programOf('valueOf', { variables: { valueOf: true } }).evaluate({})).toThrow('"valueOf" has no value here');
  });
});

describe('results', () => {
  it('hands out the very values that came in', () => {
    expect(run('input', bindings)).toBe(INPUT);
    expect(run('input.list', bindings)).toBe((INPUT as { list: Json }).list);
    expect(run('own', bindings)).toBe(own);
  });

  it.each([
    ['b"abc"', 'YWJj'],
    ['timestamp("2026-11-21T09:30:00+01:00")', '2026-11-21T08:30:00Z'],
    ['timestamp("2026-11-21T08:30:00.25Z")', '2026-11-21T08:30:00.250Z'],
    ['duration("1h30m")', '5400s'],
    ['duration("1500ms")', '1.500s'],
    ['{1: "a", true: "b", "c": [1u]}', { '1': 'a', true: 'b', c: [1] }],
    ['[null, [], {}]', [null, [], {}]],
    [
      '{"input": input.n, "list": [input.list, input.list]}',
      {
        input: 5,
        list: [
          [1, 'two', null, { x: 1 }],
          [1, 'two', null, { x: 1 }],
        ],
      },
    ],
  ] as const)('%s', (source, result) => expect(run(source, bindings)).toEqual(result));

  it('makes own properties of every name', () => {
    const made = run('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, Json>;
    expect(Object.keys(made)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['type(1)', 'the result is the type int, which JSON does not have'],
    ['{"1": 1, 1: 2}', 'the result would hold the name "1" twice'],
    ['[{"a": int}]', '[0].a of the result is the type int, which JSON does not have'],
  ] as const)('%s has no form in JSON', (source, message) => {
    expect(failure(source, bindings)).toMatchObject({ code: 'EXPRESSION_NOT_JSON', message });
  });

  it('must be of the kind that the place expects', () => {
    const program = programOf('input.v', { variables: { input: true }, expects: 'boolean' });
    expect(program.evaluate({ input: { v: false } })).toBe(false);
    expect(() => program.evaluate({ input: { v: 'no' } })).toThrow('the expression must give true or false, but gave "no"');
    expect(() => program.evaluate({ input: { v: [1] } })).toThrow('the expression must give true or false, but gave a list');
  });
});

describe('a program', () => {
  it('gives the same for the same, whatever was evaluated in between', () => {
    const sum = programOf('input.list.map(x, x * 2).sum()', { variables: { input: true } });
    const other = programOf('input.list.map(x, [x]).size()', { variables: { input: true } });
    for (let turn = 0; turn < 3; turn += 1) {
      expect(sum.evaluate({ input: { list: [1, 2, 3] } })).toBe(12);
      expect(() => sum.evaluate({ input: { list: ['a'] } })).toThrow();
      expect(other.evaluate({ input: { list: [1, 2] } })).toBe(2);
      expect(() => other.evaluate({ input: { list: [1, 2] } }, { maxCost: 3 })).toThrow('more than 3 units');
    }
  });

  it('leaves what it is given as it was', () => {
    const input = { list: [3, 1, 2], o: { a: [1] } };
    const before = structuredClone(input);
    run('[input.list.sort(), input.list.reverse(), input.list + [4], input.o.a.map(x, x + 1), input.list.distinct()]', { input });
    expect(input).toEqual(before);
  });

  it('shows no value of a name that is hidden', () => {
    const options = { variables: { input: true, secrets: true }, hidden: ['secrets'] };
    const values = { input: { n: 1 }, secrets: { KEY: 'sk-hidden' } };
    const problemOf = (source: string): string => {
      try {
        return JSON.stringify(programOf(source, options).evaluate(values));
      } catch (error) {
        return JSON.stringify([error, (error as Error).message, String((error as Error).cause)]);
      }
    };
    for (const source of ['secrets.KEY + input.n', 'int(secrets.KEY)', 'secrets.KEY.nope', '{"a": secrets.KEY}[secrets.KEY]']) {
      expect(problemOf(source)).not.toContain('sk-hidden');
      expect(problemOf(source)).toContain('EXPRESSION_');
    }
    expect(problemOf('"a" + input.n')).toContain('1 (int)');
  });
});

describe('failures', () => {
  it.each([
    ['input.n + input.s', '+ cannot be used between 5 (int) and "text" (string)', 'write string(…) around the other value'],
    ['input.n < input.s', '< cannot be used between 5 (int) and "text" (string)', 'write int(…) or double(…) around the text'],
    ['input.nothing > 1', '> cannot be used between null and 1 (int)', 'test it first: a != null, or write coalesce(a, other)'],
    ['!input.n', '! cannot be used with 5 (int)', undefined],
    ['-input.s', '- cannot be used with "text" (string)', undefined],
    ['input.n && true', 'a condition is true or false, not 5 (int)', 'compare it: a == b, a != null, size(a) > 0'],
    ['input.s ? 1 : 2', 'a condition is true or false, not "text" (string)', 'compare it: a == b, a != null, size(a) > 0'],
    ['input.list.filter(x, x)', 'a condition is true or false, not 1 (int)', 'compare it: a == b, a != null, size(a) > 0'],
    ['input.n.map(x, x)', 'a loop goes over a list or an object, not over 5 (int)', undefined],
    ['1 in input.n', 'in cannot be used between 1 (int) and 5 (int)', undefined],
    ['input.s.length', 'input.s is "text" (string) and has no "length"', 'write size(…)'],
    ['input.list.x', 'input.list is a list of 4 and has no "x"', 'read one item: […][0].x, or all: ….map(x, x.x)'],
    ['input.list["a"]', 'input.list is a list: its items are read by a whole number, not by "a" (string)', undefined],
    ['input.list[0.5]', 'input.list is a list: its items are read by a whole number, not by 0.5 (double)', undefined],
    ['input.s[0]', 'input.s is "text" (string) and cannot be read by 0 (int)', 'write text.charAt(0) or text.substring(0, 1)'],
    ['{input.list: 1}', 'the names of an object are text, not a list of 4', 'write string(…)'],
    ['input.n.startsWith("a")', 'startsWith() cannot be used on 5 (int) with "a" (string)', undefined],
    ['size(input.n)', 'size() cannot be used with 5 (int)', undefined],
    ['input.list.join(",")', 'join takes text, but item 0 is 1 (int)', 'write list.map(x, string(x)).join(…)'],
  ] as const)('%s', (source, message, suggestion) => {
    const problem = failure(source, bindings);
    expect(problem).toMatchObject({ code: 'EXPRESSION_TYPE', message });
    expect(problem.suggestion).toBe(suggestion);
  });

  it('name the place of the failing part', () => {
    expect(failure('[1, 2].map(x,\n  input.s + x)', bindings).position).toEqual({ line: 2, column: 11, offset: 24 });
  });

  it('shorten what they show', () => {
    const { message } = failure('input.s + 1', { input: { s: 'x'.repeat(10_000) } });
    expect(message.length).toBeLessThan(200);
  });

  it('hold nothing that Postgres cannot store', () => {
    const texts = [
      failure('input + 1', { input: 'a\u0000\ud800' }),
      failure('input.o', { input: { 'a\u0000\ud800': 1 } }),
      failure('"a".matches(input)', { input: '(\u0000\ud800' }),
      failure('int(input)', { input: `${'x'.repeat(59)}😀` }),
    ];
    for (const problem of texts) {
      expect(problem.message.isWellFormed() && problem.suggestion?.isWellFormed() !== false).toBe(true);
      expect(problem.message + (problem.suggestion ?? '')).not.toContain('\u0000');
    }
  });

  it('keep their code where && and || gather them', () => {
    expect(failure('input.missing && input.nope', bindings)).toMatchObject({
      code: 'EXPRESSION_NO_SUCH_KEY',
      path: 'input.missing',
    });
    expect(failure('input.n < "a" || input.missing', bindings).code).toBe('EXPRESSION_TYPE');
    expect(failure('input.list.all(x, x > 0)', bindings).code).toBe('EXPRESSION_TYPE');
  });

  it('do not count where the other side decides', () => {
    expect(run('input.missing == 1 || true', bindings)).toBe(true);
    expect(run('input.list.exists(x, x == null || x > 0)', bindings)).toBe(true);
  });

  it.each([
    ['{1: 1, 1u: 2}', 'EXPRESSION_INVALID_VALUE', 'an object would hold the name "1" twice'],
    ['{input.missing: 1}', 'EXPRESSION_NO_SUCH_KEY', 'input has no "missing"'],
    ['{input.s: 1, input.s: 2}', 'EXPRESSION_INVALID_VALUE', 'an object would hold the name "text" twice'],
    ['{[1]: 1}', 'EXPRESSION_TYPE', 'the names of an object are text, not a list of 1'],
  ] as const)('of objects that cannot be made: %s', (source, code, message) => {
    expect(failure(source, bindings)).toMatchObject({ code, message });
  });
});
