import { describe, expect, it } from '@jest/globals';
import { findExpressionEnd } from '../../../../src/domain/expression/scan-tokens.ts';
import { programOf } from './run-expression.ts';

const OPTIONS = { variables: { input: true, steps: true, run: true } };

const pathsOf = (source: string) =>
  programOf(source, OPTIONS).references.map(({ path, isOptional }) => path.join('.') + (isOptional ? '?' : ''));

describe('references', () => {
  it.each([
    ['1 + 2', []],
    ['input', ['input']],
    ['.input.a', ['input.a']],
    ['steps.fetch.output.body', ['steps.fetch.output.body']],
    ['steps["fetch"].output["content-type"][0].x', ['steps.fetch.output.content-type.0.x']],
    ['input.a == input.a && input.b', ['input.a', 'input.b']],
    ['steps.fetch.output.items.map(x, x.name + input.b)', ['steps.fetch.output.items', 'input.b']],
    ['input.l.filter(input, input.x > 1)', ['input.l']],
    ['input.l.map(x, [x].map(y, y + x + run.id))', ['input.l', 'run.id']],
    ['steps[input.which].output.a', ['steps', 'input.which']],
    ['input.items[input.i + 1].name', ['input.items', 'input.i']],
    ['has(input.a.b)', ['input.a.b?']],
    ['has(input.a) ? input.a : 1', ['input.a']],
    ['coalesce(input.a.b, steps.x.output, input.c)', ['input.a.b?', 'steps.x.output?', 'input.c']],
    ['coalesce(input.l[input.i], 1)', ['input.l', 'input.i']],
    ['math.greatest(input.a, 1)', ['input.a']],
    ['type(input.a) == int', ['input.a']],
    ['type(input.a) == google.protobuf.Timestamp', ['input.a']],
    ['{"a": input.a, input.k: [input.b]}', ['input.a', 'input.k', 'input.b']],
    ['"%s".format([input.a])', ['input.a']],
    ['input.a.exists(x, has(x.b) && x.c in input.d)', ['input.a', 'input.d']],
  ] as const)('%s', (source, paths) => expect(pathsOf(source)).toEqual(paths));

  it('keeps indexes as numbers', () => {
    expect(programOf('input.l[0]', OPTIONS).references[0]?.path).toEqual(['input', 'l', 0]);
  });

  it('says where a path stands', () => {
    expect(programOf('1 +\n  input', OPTIONS).references[0]?.position).toEqual({ line: 2, column: 3, offset: 6 });
  });

  it.each([
    ['input.a', ['input', 'a']],
    ['(input["a"])', ['input', 'a']],
    ['input.a + 1', undefined],
    ['has(input.a)', undefined],
    ['input.l[input.i]', undefined],
    ['int', undefined],
    ['1', undefined],
  ] as const)('knows whether %s is nothing but a path', (source, path) => {
    expect(programOf(source, OPTIONS).path).toEqual(path);
  });
});

describe('findExpressionEnd', () => {
  it.each([
    ['a {{ input.b }} c', ' input.b '],
    ['a {{ {"a": {"b": 1}}.a.b }} c', ' {"a": {"b": 1}}.a.b '],
    ['a {{ {"a": {"b": 1}}}} c', ' {"a": {"b": 1}}'],
    ['a {{ "}}" }} c', ' "}}" '],
    ["a {{ '}}' + r'\\\\' }} c's", " '}}' + r'\\\\' "],
    ['a {{}} c', ''],
    ['a {{ input.b } c', undefined],
    ['a {{ "}} c', undefined],
    ['a {{ {"a": 1}} c', undefined],
  ] as const)('%s', (source, expression) => {
    const start = source.indexOf('{{') + 2;
    const end = findExpressionEnd(source, start);
    expect(end === undefined ? undefined : source.slice(start, end)).toBe(expression);
  });
});
