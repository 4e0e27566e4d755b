import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { failure, programOf, refusal, run } from './run-expression.ts';

const nested = (depth: number): Json => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;
const input = {
  l: Array.from({ length: 300 }, (_, index) => index),
  many: Array.from({ length: 20_000 }, (_, index) => ({ id: index, text: `text ${index}` })),
  whole: Array.from({ length: 20_000 }, (_, index) => index + 300),
  same: Array.from({ length: 20_000 }, (_, index) => index + 300),
  named: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`n${index}`, index])),
  alike: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`n${index}`, index])),
  big: 'x'.repeat(4_000_000),
  spaces: ' '.repeat(4_000_000),
  pattern: '(?:a?){1000}a{1000}',
  deep: nested(5_000),
  deeper: nested(5_000),
  json: '['.repeat(100_000) + ']'.repeat(100_000),
};
const bindings = { input };
const OPTIONS = { variables: { input: true } };

describe('the source is bounded', () => {
  it.each([
    ['4,097 characters', '1'.repeat(4_097), 'EXPRESSION_TOO_LONG', 'the expression has 4,097 characters; at most 4,096 are read'],
    [
      '4,097 characters of text',
      `"${'é'.repeat(4_095)}"`,
      'EXPRESSION_TOO_LONG',
      'the expression has 4,097 characters; at most 4,096 are read',
    ],
    ['65 brackets', '('.repeat(65) + '1' + ')'.repeat(65), 'EXPRESSION_TOO_COMPLEX', 'brackets are nested more than 64 deep'],
    ['2,000 brackets', '['.repeat(2_000) + ']'.repeat(2_000), 'EXPRESSION_TOO_COMPLEX', 'brackets are nested more than 64 deep'],
    ['65 calls', 'size('.repeat(65) + '""' + ')'.repeat(65), 'EXPRESSION_TOO_COMPLEX', 'brackets are nested more than 64 deep'],
    [
      '251 numbers',
      Array.from({ length: 251 }, () => '1').join('+'),
      'EXPRESSION_TOO_COMPLEX',
      'the expression has 501 parts; at most 500 are allowed',
    ],
    [
      'conditions in a row',
      `${'true ? 1 : '.repeat(200)}1`,
      'EXPRESSION_TOO_COMPLEX',
      'the expression has 601 parts; at most 500 are allowed',
    ],
    [
      'macros in a row',
      `input.l${'.map(x, x)'.repeat(63)}`,
      'EXPRESSION_TOO_COMPLEX',
      'the expression has 506 parts; at most 500 are allowed',
    ],
  ])('%s', (_, source, code, message) => expect(refusal(source, OPTIONS)).toMatchObject({ code, message }));

  it.each([
    ['4,096 characters', `"${'x'.repeat(4_094)}"`, 'x'.repeat(4_094)],
    ['64 brackets', '('.repeat(64) + '1' + ')'.repeat(64), 1],
    ['250 numbers', Array.from({ length: 250 }, () => '1').join('+'), 250],
    ['brackets inside of text', `"${'('.repeat(500)}".size()`, 500],
    ['4,000 signs', `${'!'.repeat(4_000)}true`, true],
  ])('%s are fine', (_, source, result) => expect(run(source)).toBe(result));
});

describe('the work is bounded', () => {
  it.each([
    'input.l.map(a, input.l.map(b, input.l.map(c, a + b + c)))',
    'input.l.all(a, input.l.all(b, input.l.all(c, a + b + c >= 0)))',
    'input.l.exists(a, input.l.exists(b, input.l.exists(c, a + b + c < 0)))',
    'true || input.l.exists(a, input.l.exists(b, input.l.exists(c, c < 0)))|| input.l.all(a, input.l.all(b, input.l.all(c, c < a)))',
    'input.l.exists(a, input.l.exists(b, input.l.exists(c, c.nope))) || input.l.size() == 300',
    '[input.l.filter(a, input.l.exists_one(b, input.l.all(c, c >= 0)))].size()',
    'lists.range(1000000000)',
    'input.l.map(x, lists.range(100000)).size()',
    'input.l.map(x, input.many).flatten().size()',
    'input.many.map(x, x in input.many).size()',
    'input.many.map(x, x.id).distinct().size()',
    'input.l.map(x, json.stringify(input.many)).size()',
    'input.l.map(x, input.big.contains("y"))',
    'input.l.map(x, input.big + string(x)).size()',
    'input.big.split("").size()',
    'input.l.map(x, "a".contains(input.big)).size()',
    'input.l.all(x, input.whole == input.same)',
    'input.l.all(x, !(x in input.whole))',
    'input.l.all(x, input.named == input.alike)',
    'input.l.map(x, input.many.exists(y, true)).size()',
    'input.big.matches("(x+x+)+y")',
    `input.big.matches("${'(.*)*'.repeat(100)}y")`,
    'input.many.map(x, timestamp(x.id).getHours("Europe/Berlin")).sum()',
    '[[1]].map(x, x + x)' + '.map(x, x + x)'.repeat(40) + '.size()',
    'input.l.map(a, input.many == json.parse(json.stringify(input.many)))',
  ])('%s', (source) => {
    const isAbsorbed = source.startsWith('true ||');
    if (isAbsorbed) expect(run(source, bindings)).toBe(true);
    else
      expect(failure(source, bindings, { maxCost: 200_000 })).toMatchObject({ code: 'EXPRESSION_COST', position: { offset: 0 } });
  });

  it('ends 27 million turns within the budget that holds by itself', () => {
    const source = 'input.l.all(a, input.l.all(b, input.l.all(c, a + b + c >= 0)))';
    expect(failure(source, bindings).message).toBe('the expression takes more than 1,000,000 units of work');
  });

  it('is a budget of the caller', () => {
    const program = programOf('input.l.map(x, x + 1).sum()', OPTIONS);
    expect(program.evaluate(bindings, { maxCost: 100_000 })).toBe(45_150);
    expect(() => program.evaluate(bindings, { maxCost: 300 })).toThrow('the expression takes more than 300 units of work');
  });

  it('is the same for the same values', () => {
    const program = programOf('input.l.map(x, string(x)).join(",").split(",").size()', OPTIONS);
    const passes = (maxCost: number): boolean => {
      try {
        return program.evaluate(bindings, { maxCost }) === 300;
      } catch {
        return false;
      }
    };
    const least = (): number => {
      let [low, high] = [0, 100_000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (passes(middle)) high = middle;
        else low = middle;
      }
      return high;
    };
    expect(least()).toBe(least());
    expect(passes(least())).toBe(true);
    expect(least()).toBeGreaterThan(300 * 4);
    expect(least()).toBeLessThan(300 * 20);
  });

  it('takes loops over thousands', () => {
    expect(run('input.many.filter(x, x.id % 2 == 0).map(x, x.text).size()', bindings)).toBe(10_000);
    expect(run('input.many.map(x, x.id).sum()', bindings)).toBe(199_990_000);
    expect(run('input.many == input.many', bindings)).toBe(true);
  });
});

describe('values are bounded', () => {
  it.each([
    ['input.big + input.big', 'text of 8,000,000 characters would be made; at most 5,000,000 are allowed'],
    [
      '["ab"]' + '.map(x, x + x)'.repeat(40) + '.size()',
      'text of 8,388,608 characters would be made; at most 5,000,000 are allowed',
    ],
    [
      'input.l.map(x, "0123456789").join(input.big.substring(0, 100000))',
      'text of 30,003,000 characters would be made; at most 5,000,000 are allowed',
    ],
    [
      'input.big.substring(0, 100000).replace("x", "0123456789".replace("", "0123456789"))',
      'text of 12,000,000 characters would be made; at most 5,000,000 are allowed',
    ],
    ['url.encode(input.spaces)', 'text of 12,000,000 characters would be made; at most 5,000,000 are allowed'],
    ['base64.encode(input.big)', 'text of 5,333,336 characters would be made; at most 5,000,000 are allowed'],
    ['"%s%s".format([input.big, input.big]).size()', 'text of 8,000,004 characters would be made; at most 5,000,000 are allowed'],
    ['[input.big, input.big]', 'the result is larger than 5 MB'],
    ['input.l.map(x, input.many)', 'the result is larger than 5 MB'],
    ['json.stringify([input.big, input.big])', 'the value is larger than 5 MB'],
    ['input.deep', 'the result is nested more than 500 deep'],
    ['[input.deep]', 'the result is nested more than 500 deep'],
    ['input.deep == input.deeper', 'values nested more than 500 deep cannot be compared'],
    ['input.deep in [input.deeper] || true', 'values nested more than 500 deep cannot be compared'],
    ['"%s".format([input.deep])', 'values nested more than 500 deep cannot be written'],
    ['json.stringify(input.deep)', 'the value is nested more than 500 deep'],
    ['json.parse(input.json)', 'the result is nested more than 500 deep'],
    ['"aaa".matches(input.pattern)', 'the regular expression repeats too much'],
    ['"a".matches(input.big)', 'the regular expression has 4000000 characters; at most 1000 are allowed'],
  ])('%s', (source, message) => {
    expect(failure(source, bindings)).toMatchObject({ code: 'EXPRESSION_TOO_LARGE', message });
  });

  it('refuses a pattern that cannot be compiled within bounds, before it runs', () => {
    expect(refusal('input.big.matches("((a{1,1000}){1,1000}){1,1000}")', OPTIONS).code).toBe('EXPRESSION_INVALID_VALUE');
    expect(refusal('input.big.matches("(?:a?){1000}a{1000}")', OPTIONS).code).toBe('EXPRESSION_TOO_LARGE');
  });

  it('counts the bytes of the JSON, not the characters', () => {
    const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text));
    for (const sign of ['x', '"', '\u0001', 'é', '€', '😀', '\ud800']) {
      const length = Math.floor((5_000_000 - 2) / (bytesOf(sign) - 2));
      const fitting = sign.repeat(length);
      expect(bytesOf(fitting)).toBeLessThanOrEqual(5_000_000);
      expect(run('input', { input: fitting })).toBe(fitting);
      expect(failure('input', { input: `${fitting}${sign}xxxx` }).code).toBe('EXPRESSION_TOO_LARGE');
    }
  });
});
