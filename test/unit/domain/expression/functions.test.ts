import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { failure, run } from './run-expression.ts';

const input = {
  s: 'Grüße 😀!',
  l: [3, 1, 2],
  prices: [10, 2.5],
  at: '2026-03-29T02:30:00Z',
  day: '2026-11-21',
  o: { b: [1, { a: null }], a: 'x' },
};

const all = (cases: readonly (readonly [string, unknown])[]): void =>
  it.each(cases)('%s', (source, result) => expect(run(source, { input })).toEqual(result));
const fails = (cases: readonly (readonly [string, string, string])[]): void =>
  it.each(cases)('%s fails', (source, code, message) =>
    expect(failure(source, { input })).toMatchObject({ code: `EXPRESSION_${code}`, message }),
  );

describe('text', () => {
  all([
    ['size(input.s)', 8],
    ['input.s.size()', 8],
    ['input.s.charAt(6)', '😀'],
    ['input.s.charAt(8)', ''],
    ['input.s.substring(6, 7)', '😀'],
    ['input.s.substring(7)', '!'],
    ['input.s.indexOf("!")', 7],
    ['input.s.indexOf("ü", 3)', -1],
    ['input.s.lastIndexOf("!")', 7],
    ['"a😀a".lastIndexOf("a", 1)', 0],
    ['input.s.reverse()', '! 😀 eßürG'.replace(' 😀', '😀')],
    ['input.s.split("").size()', 8],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['"a,b".split(",", 0)', []],
    ['"a.b.c".replace(".", "-")', 'a-b-c'],
    ['"a.b.c".replace(".", "-", 1)', 'a-b.c'],
    ['"😀b".replace("", "-")', '-😀-b-'],
    ['"ABCé".lowerAscii() + "abcé".upperAscii()', 'abcéABCé'],
    ['" \\t x\\u00a0".trim()', 'x'],
    ['["a", "b"].join() + ["a", "b"].join("-")', 'aba-b'],
    ['"a1b".matches("[0-9]")', true],
    ['"a1b".matches("^[0-9]$")', false],
    ['matches("abc", "b")', true],
    ['"%s %d %.2f %x %e %%".format(["a", 3.0, 10, 255, 1234])', 'a 3 10.00 ff 1.234000e+03 %'],
    ['"%s".format([input.o])', '{a: x, b: [1, {a: null}]}'],
    ['"\\uff61" < "😀"', true],
    ['["b", "😀", "\\uff61", "a"].sort()', ['a', 'b', '｡', '😀']],
    ['"abc".contains("b") && "abc".startsWith("a") && "abc".endsWith("c")', true],
  ]);
  fails([
    ['input.s.substring(9)', 'INVALID_VALUE', 'position 9 lies outside of text with 8 characters'],
    ['input.s.substring(3, 2)', 'INVALID_VALUE', 'a part of text cannot begin at 3 and end at 2'],
    ['input.s.charAt(-1)', 'INVALID_VALUE', 'position -1 lies outside of text with 8 characters'],
    ['"%.500f".format([1])', 'INVALID_VALUE', 'format writes at most 100 digits, not 500'],
    ['"%d".format(["x"])', 'INVALID_VALUE', 'format() cannot use "%d" (string), a list of 1: invalid integer value'],
    ['input.l.join()', 'TYPE', 'join takes text, but item 0 is 3 (int)'],
    ['input.s.matches(input.s + "(")', 'INVALID_VALUE', 'not a regular expression of RE2: missing closing ): `Grüße 😀!(`'],
  ]);
});

describe('numbers', () => {
  all([
    ['int("42") + int("-1") + int("+1")', 42],
    ['double("1e3") + double(".5")', 1000.5],
    ['string(double("NaN")) + string(-double("Infinity"))', 'NaN-Infinity'],
    ['int(2.9) + int(-2.9)', 0],
    ['string(10) + string(2.5) + string(true)', '102.5true'],
    ['bool("true") && !bool("0")', true],
    ['math.greatest(1, 2.5, 2)', 2.5],
    ['math.least(input.prices)', 2.5],
    ['math.greatest([3, 1u, 2.0])', 3],
    ['[1.5, -1.5, 2.5, 0.4, -0.4].map(x, math.round(x))', [2, -2, 3, 0, 0]],
    ['[1.005, 1234.5678, -1.005].map(x, math.round(x, 2))', [1.01, 1234.57, -1.01]],
    ['math.round(10, 2) + math.round(3)', 13],
    ['[math.ceil(1.2), math.floor(-1.2), math.trunc(-1.8)]', [2, -2, -1]],
    ['math.abs(-3) + math.abs(-0.5) + math.sign(-9)', 2.5],
    ['math.isNaN(0.0 / 0.0) && math.isInf(1 / 0.0) && math.isFinite(1)', true],
    ['input.prices.sum()', 12.5],
    ['input.l.sum()', 6],
    ['[].sum()', 0],
  ]);
  fails([
    ['int("4.5")', 'INVALID_VALUE', '"4.5" is not a whole number'],
    ['int("")', 'INVALID_VALUE', '"" is not a whole number'],
    ['int(" 1")', 'INVALID_VALUE', '" 1" is not a whole number'],
    ['int("0x10")', 'INVALID_VALUE', '"0x10" is not a whole number'],
    ['int("9223372036854775808")', 'OVERFLOW', '"9223372036854775808" is beyond the range of int'],
    ['uint("-1")', 'OVERFLOW', '"-1" is beyond the range of uint'],
    ['uint(-1)', 'OVERFLOW', '-1 (int) does not fit into uint'],
    ['double("1,5")', 'INVALID_VALUE', '"1,5" is not a number'],
    ['bool("yes")', 'INVALID_VALUE', '"yes" is not "true" or "false"'],
    ['double("constructor")', 'INVALID_VALUE', '"constructor" is not a number'],
    ['math.greatest([])', 'INVALID_VALUE', 'math.greatest takes at least one number, and the list is empty'],
    ['math.least(1, "2")', 'TYPE', 'math.least takes numbers, not "2" (string)'],
    ['math.round(1.5, 20)', 'INVALID_VALUE', 'math.round keeps 0 to 15 digits, not 20'],
    ['["1"].sum()', 'TYPE', 'sum takes numbers, not "1" (string)'],
    ['[9223372036854775807, 1].sum()', 'OVERFLOW', 'the sum is beyond the range of int'],
    ['math.abs(-9223372036854775808)', 'OVERFLOW', 'the absolute value of -9223372036854775808 is beyond the range of int'],
  ]);
});

describe('lists', () => {
  all([
    ['input.l.sort()', [1, 2, 3]],
    ['[2, 1.5, 1u].sort()', [1, 1.5, 2]],
    ['[true, false].sort()', [false, true]],
    ['[timestamp("2026-02-01"), timestamp("2026-01-01")].sort()[0].toDate()', '2026-01-01'],
    ['[].sort()', []],
    ['[1, 1.0, "1", "1", null, null, [1], [1.0], {"a": 1}, {"a": 1u}].distinct()', [1, '1', null, [1], { a: 1 }]],
    ['input.l.reverse()', [2, 1, 3]],
    ['[1, [2, [3]], []].flatten()', [1, 2, [3]]],
    ['input.l.slice(1, 3)', [1, 2]],
    ['input.l.slice(3, 3)', []],
    ['lists.range(3)', [0, 1, 2]],
    ['input.l + [4] == [3, 1, 2, 4]', true],
    ['input.l.all(x, x > 0) && input.l.exists(x, x == 2) && input.l.exists_one(x, x == 3)', true],
    ['input.l.map(x, x > 1, x * 10)', [30, 20]],
    ['input.o.map(k, k).sort()', ['a', 'b']],
    ['input.o.filter(k, k != "a")', ['b']],
    [
      'input.l.map(a, input.l.map(b, a * b))',
      [
        [9, 3, 6],
        [3, 1, 2],
        [6, 2, 4],
      ],
    ],
    ['size(input.l) + input.o.size()', 5],
  ]);
  fails([
    ['[1, "a"].sort()', 'TYPE', 'sort takes values of one type, not 1 (int) and "a" (string)'],
    ['[[1]].sort()', 'TYPE', 'sort takes numbers, text, bools or timestamps, not a list of 1'],
    ['input.l.slice(1, 4)', 'INVALID_VALUE', 'items 1 to 4 are not all in a list of 3'],
    ['input.l.slice(2, 1)', 'INVALID_VALUE', 'items 2 to 1 are not all in a list of 3'],
    ['lists.range(-1)', 'INVALID_VALUE', 'lists.range takes a number from 0, not -1'],
  ]);
});

describe('times', () => {
  all([
    ['timestamp(input.at) + duration("36h")', '2026-03-30T14:30:00Z'],
    ['timestamp(input.day)', '2026-11-21T00:00:00Z'],
    ['timestamp(input.day) - timestamp(input.at) > duration("1000h")', true],
    ['timestamp(1774751400) == timestamp(input.at)', true],
    ['int(timestamp(input.at))', 1_774_751_400],
    ['timestamp(input.at).getHours()', 2],
    ['timestamp(input.at).getHours("Europe/Berlin")', 4],
    ['timestamp("2026-03-29T00:30:00Z").getHours("Europe/Berlin")', 1],
    ['timestamp(input.at).getHours("-02:30")', 0],
    ['timestamp(input.at).getDayOfWeek()', 0],
    ['timestamp(input.at).toDate()', '2026-03-29'],
    ['timestamp("2026-03-29T22:30:00Z").toDate("Europe/Berlin")', '2026-03-30'],
    ['timestamp("0001-01-01T00:00:00Z").getFullYear("America/New_York")', 0],
    ['timestamp("9999-12-31T23:59:59Z").getDayOfYear("Asia/Tokyo")', 0],
    ['timestamp("2024-12-31").getDayOfYear()', 365],
    ['timestamp("2026-01-01T00:00:00.123456789Z").getMilliseconds()', 123],
    ['duration("90m").getHours()', 1],
    ['string(duration("90m"))', '5400s'],
  ]);
  fails([
    ['timestamp(input.s)', 'INVALID_VALUE', '"Grüße 😀!" is not a timestamp'],
    ['timestamp(input.day + "T25:00:00Z")', 'INVALID_VALUE', '"2026-11-21T25:00:00Z" is not a timestamp'],
    ['timestamp("2026-02-" + "31")', 'INVALID_VALUE', '"2026-02-31" is not a timestamp'],
    ['timestamp("0000-01-" + "01")', 'INVALID_VALUE', '"0000-01-01" is not a timestamp'],
    ['timestamp(999999999999999)', 'OVERFLOW', '999999999999999 seconds after 1970 are outside of the years 1 to 9999'],
    [
      'timestamp("9999-12-31T23:59:59Z") + duration("1s")',
      'OVERFLOW',
      '9999-12-31T23:59:59Z (timestamp) + 1s (duration) leaves the range of timestamp',
    ],
    ['timestamp(input.at).getHours("Mars/Base")', 'INVALID_VALUE', 'there is no time zone "Mars/Base"'],
    ['duration(input.s)', 'INVALID_VALUE', 'duration() cannot use "Grüße 😀!" (string): parse duration: invalid syntax'],
  ]);

  it('depends on neither the zone nor the language of the machine', () => {
    const root = `${import.meta.dirname}/../../../..`;
    const script = `
      import { compileExpression } from '${root}/src/domain/expression/compile-expression.ts';
      const source = '[timestamp("2026-03-29T02:30:00Z").getHours(), timestamp("2026-03-29T02:30:00Z").getDate("Asia/Tokyo")].map(x, string(x)) + ["%s".format([{"ä": 1, "z": 2, "a": 3}]), "%.1f".format([1.5])]';
      const compiled = compileExpression(source, { variables: {} });
      console.log(JSON.stringify(compiled.program.evaluate({})));`;
    const outputs = [
      ['Europe/Berlin', 'de_DE.UTF-8'],
      ['America/New_York', 'sv_SE.UTF-8'],
    ].map(([TZ, LC_ALL]) =>
      execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
        env: { ...process.env, NODE_OPTIONS: '', TZ, LC_ALL },
        encoding: 'utf8',
      }).trim(),
    );
    expect(outputs).toEqual(Array<string>(2).fill('["2","29","{a: 3, z: 2, ä: 1}","1.5"]'));
  });
});

describe('encodings', () => {
  all([
    ['json.parse("{\\"a\\": [1, 2.5, null]}").a', [1, 2.5, null]],
    ['json.stringify(input.o)', '{"b":[1,{"a":null}],"a":"x"}'],
    ['json.parse(json.stringify(input)) == input', true],
    ['base64.encode("Grüße")', 'R3LDvMOfZQ=='],
    ['base64.encode(b"\\xff")', '/w=='],
    ['string(base64.decode("R3LDvMOfZQ"))', 'Grüße'],
    ['url.encode("a b&c=ü/\'")', 'a%20b%26c%3D%C3%BC%2F%27'],
    ['string(bytes("ü")) == "ü" && bytes("ü").size() == 2', true],
  ]);
  fails([
    ['json.parse(input.s)', 'INVALID_VALUE', '"Grüße 😀!" is not JSON'],
    ['base64.decode("a")', 'INVALID_VALUE', '"a" is not base64'],
    ['base64.decode("a*b=")', 'INVALID_VALUE', '"a*b=" is not base64'],
    [
      'string(b"\\xff")',
      'INVALID_VALUE',
      'string() cannot use 1 bytes: decode bytes as string: TypeError: The encoded data was not valid for encoding utf-8',
    ],
  ]);

  it('refuses half of a character in a URL', () => {
    expect(failure('url.encode(input)', { input: '\ud800' })).toMatchObject({ code: 'EXPRESSION_INVALID_VALUE' });
  });
});
