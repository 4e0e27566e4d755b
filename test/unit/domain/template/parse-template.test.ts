import { describe, expect, it } from '@jest/globals';
import { parseReference, TemplateError } from '../../../../src/domain/template/parse-reference.ts';
import { parseTemplate } from '../../../../src/domain/template/parse-template.ts';

const READ: readonly (readonly [string, readonly (string | number)[]])[] = [
  ['input', ['input']],
  ['  input.day  ', ['input', 'day']],
  ['steps.fetch.output.body.items[0]', ['steps', 'fetch', 'output', 'body', 'items', 0]],
  ['input[0][12]', ['input', 0, 12]],
  ['input["first name"]', ['input', 'first name']],
  ["input['a.b']", ['input', 'a.b']],
  ['input["}}"]', ['input', '}}']],
  ['input["0"]', ['input', '0']],
  ['_a.b_1', ['_a', 'b_1']],
  ['input["über"].x', ['input', 'über', 'x']],
];

const UNREADABLE: readonly (readonly [string, string])[] = [
  ['', '"" is no path: expected a name such as input.customer.id at position 1'],
  ['   ', '"" is no path: expected a name such as input.customer.id at position 1'],
  ['.input', '".input" is no path: expected a name such as input.customer.id at position 1'],
  ['input.', '"input." is no path: expected a name such as input.customer.id at position 6'],
  ['input..a', '"input..a" is no path: expected a name such as input.customer.id at position 6'],
  ['input a', '"input a" is no path: expected a name such as input.customer.id at position 6'],
  ['input.0', '"input.0" is no path: expected a name such as input.customer.id at position 6'],
  ['input[-1]', '"input[-1]" is no path: expected a name such as input.customer.id at position 6'],
  ['input[1234567]', '"input[1234567]" is no path: expected a name such as input.customer.id at position 6'],
  ['input[""]', '"input[""]" is no path: expected a name such as input.customer.id at position 6'],
  ['[0]', '"[0]" is no path: expected a name such as input.customer.id at position 1'],
  ['1 + 1', '"1 + 1" is no path: expected a name such as input.customer.id at position 1'],
  ['input.a()', '"input.a()" is no path: expected a name such as input.customer.id at position 8'],
  ['input.__proto__', '"__proto__" cannot be read'],
  ['input["__proto__"]', '"__proto__" cannot be read'],
  ["input['constructor'].x", '"constructor" cannot be read'],
  ['prototype.x', '"prototype" cannot be read'],
];

describe('parseReference', () => {
  it.each(READ)('reads %s', (source, path) => {
    expect(parseReference(source)).toEqual({ text: source.trim(), path });
  });

  it.each(UNREADABLE)('refuses %j and says where', (source, message) => {
    expect(() => parseReference(source)).toThrow(new TemplateError(message));
  });

  it('takes 32 parts and no more', () => {
    const parts = (count: number) => Array.from({ length: count }, () => 'a').join('.');
    expect(parseReference(parts(32)).path).toHaveLength(32);
    expect(() => parseReference(parts(33))).toThrow('a path has at most 32 parts');
  });

  it('shows no more than the beginning of a long text', () => {
    expect(() => parseReference(`${'x'.repeat(500)} y`)).toThrow(new RegExp(`^"x{100}" is no path: .* at position 501$`));
  });
});

describe('parseTemplate', () => {
  const reference = (text: string, ...path: readonly (string | number)[]) => ({
    expression: { text, path, references: [path], evaluate: expect.any(Function) },
  });

  it.each(['', 'plain', '{ {input} }', '}}', '{', '$' + '{input}'])('finds no template in %j', (source) => {
    expect(parseTemplate(source)).toBeUndefined();
  });

  it('keeps the order of literals and references', () => {
    expect(parseTemplate('a {{ input.x }} b {{run.id}}')).toEqual([
      { literal: 'a ' },
      reference('input.x', 'input', 'x'),
      { literal: ' b ' },
      reference('run.id', 'run', 'id'),
    ]);
  });

  it('reads neighbours without anything between them', () => {
    expect(parseTemplate('{{ input.a }}{{ input.b }}')).toEqual([
      reference('input.a', 'input', 'a'),
      reference('input.b', 'input', 'b'),
    ]);
  });

  it('reads a string that is one expression as one part', () => {
    expect(parseTemplate('{{ input }}')).toEqual([reference('input', 'input')]);
  });

  it('reads a formula with all that it reads, and closing braces inside of it', () => {
    expect(parseTemplate('{{ size(input.a) + run.n["}}"] }}!')).toEqual([
      {
        expression: {
          text: 'size(input.a) + run.n["}}"]',
          references: [
            ['input', 'a'],
            ['run', 'n', '}}'],
          ],
          evaluate: expect.any(Function),
        },
      },
      { literal: '!' },
    ]);
  });

  it('keeps closing braces that close nothing', () => {
    expect(parseTemplate('}} {{ input }} }}')).toEqual([{ literal: '}} ' }, reference('input', 'input'), { literal: ' }}' }]);
  });

  it('says which opening is never closed', () => {
    expect(() => parseTemplate('ab {{ input }} {{ run.id')).toThrow(
      new TemplateError('"{{" at position 16 is never closed by "}}"'),
    );
  });

  it.each(['{{}}', '{{ }}', '{{ {{ input }} }}', '{{{ input }}}'])('refuses %j', (source) => {
    expect(() => parseTemplate(source)).toThrow(TemplateError);
  });

  it('reads a megabyte of templates at once', () => {
    const began = performance.now();
    expect(parseTemplate('{{ input }}'.repeat(150_000))).toHaveLength(150_000);
    expect(() => parseTemplate('{{'.repeat(500_000))).toThrow(TemplateError);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
