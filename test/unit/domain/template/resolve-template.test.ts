import { describe, expect, it } from '@jest/globals';
import { isPlatformError, type Json } from '@durabase/contracts';
import { TemplateError } from '../../../../src/domain/template/parse-reference.ts';
import { resolveTemplates } from '../../../../src/domain/template/resolve-template.ts';

const scope = {
  input: { name: 'Ada', count: 0, flag: false, none: null, list: [1, { x: 'y' }], empty: '', object: {}, 'first name': 'A' },
  steps: { fetch: { output: { body: { items: ['a', 'b'] } } } },
  run: { id: 'r1' },
};

const refusalOf = (value: Json): { readonly message: string; readonly hint: string | undefined } => {
  try {
    resolveTemplates(value, scope);
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'TEMPLATE_UNRESOLVED') throw error;
    return { message: error.message, hint: error.details.hint };
  }
  throw new Error('it was resolved');
};

const KEPT_TYPES: readonly (readonly [string, Json])[] = [
  ['{{ input.count }}', 0],
  ['{{ input.flag }}', false],
  ['{{ input.none }}', null],
  ['{{ input.empty }}', ''],
  ['{{ input.list }}', [1, { x: 'y' }]],
  ['{{ input.object }}', {}],
  ['{{ steps.fetch.output.body.items[1] }}', 'b'],
  ['{{input["first name"]}}', 'A'],
  ['{{ input.count + 1 }}', 1],
  ['{{ input.list.filter(x, x == 1) }}', [1]],
  ['{{ {"a": input.flag} }}', { a: false }],
];

const AS_TEXT: readonly (readonly [string, string])[] = [
  ['n={{ input.count }}', 'n=0'],
  [' {{ input.flag }}', ' false'],
  ['{{ input.none }}!', 'null!'],
  ['<{{ input.empty }}>', '<>'],
  ['{{ input.list }}{{ input.name }}', '[1,{"x":"y"}]Ada'],
  ['{{ input.name }} {{ input.name }}', 'Ada Ada'],
];

const UNRESOLVED: readonly (readonly [string, string, string | undefined])[] = [
  ['{{ workspace.id }}', '{{ workspace.id }}: there is no workspace', 'in this place there is "input", "steps", "run"'],
  [
    '{{ input.count / 0 }}',
    '{{ input.count / 0 }}: 0 (int) / 0 (int): a whole number cannot be divided by zero (at position 13)',
    undefined,
  ],
  ['{{ size(input.nmae) }}', '{{ size(input.nmae) }}: input has no "nmae" (at position 11)', 'did you mean "name"?'],
  ['{{ input.list[2] }}', '{{ input.list[2] }}: there is no input.list[2]', 'in input.list there is "0", "1"'],
  ['{{ input.object.a }}', '{{ input.object.a }}: there is no input.object.a', 'in input.object it is empty'],
  ['{{ input.none.a }}', '{{ input.none.a }}: there is no input.none.a', undefined],
  ['{{ input.name.length }}', '{{ input.name.length }}: there is no input.name.length', undefined],
  ['{{ input.name[0] }}', '{{ input.name[0] }}: there is no input.name[0]', undefined],
  ['{{ input.toString }}', '{{ input.toString }}: there is no input.toString', undefined],
  ['{{ input.list.map }}', '{{ input.list.map }}: there is no input.list.map', 'in input.list there is "0", "1"'],
  ['{{ steps.send.output }}', '{{ steps.send.output }}: there is no steps.send', 'in steps there is "fetch"'],
];

describe('resolveTemplates', () => {
  it.each(KEPT_TYPES)('keeps the type of what %s alone refers to', (template, value) => {
    expect(resolveTemplates(template, scope)).toEqual(value);
  });

  it.each(AS_TEXT)('writes %j as text', (template, text) => {
    expect(resolveTemplates(template, scope)).toBe(text);
  });

  it.each(UNRESOLVED)('says of %s what is missing and what is there', (template, message, hint) => {
    const refusal = refusalOf({ deep: [template] });
    expect(refusal.message).toBe(message);
    if (hint !== undefined) expect(refusal.hint).toBe(hint);
  });

  it('refuses a name that no template has', () => {
    expect(() => resolveTemplates('{{ inpt.name }}', scope)).toThrow(new TemplateError('"inpt.name": there is no "inpt"'));
  });

  it('names no more than eight neighbours', () => {
    const many = { input: Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, 1])) };
    const resolve = () => resolveTemplates('{{ input.q }}', many);
    expect(resolve).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ hint: expect.not.stringContaining('p8') }) }),
    );
  });

  it('resolves inside arrays and objects and leaves the rest as it is', () => {
    const value = { a: ['{{ run.id }}', 1, null], b: { c: 'x {{ input.name }}', d: true }, '{{ run.id }}': 'key' };
    expect(resolveTemplates(value, scope)).toEqual({
      a: ['r1', 1, null],
      b: { c: 'x Ada', d: true },
      '{{ run.id }}': 'key',
    });
  });

  it.each(['{{ input.text }}', 'say {{ input.text }}'])('does not read what it has put in: %s', (template) => {
    const text = '{{ secrets.KEY }} {{ run.id }} {{ broken';
    expect(resolveTemplates(template, { ...scope, input: { text } })).toBe(template.replace('{{ input.text }}', text));
  });

  it('leaves strings with secrets as they are written', () => {
    const value = { auth: 'Bearer {{ secrets.KEY }}', mixed: '{{ input.name }} {{ secrets.KEY }}' };
    expect(resolveTemplates(value, { ...scope, secrets: { KEY: 'never' } })).toEqual(value);
  });

  it('puts a name such as __proto__ in as an own property', () => {
    const value = JSON.parse('{"__proto__":{"polluted":"{{ run.id }}"}}') as Json;
    const resolved = resolveTemplates(value, scope);
    expect(JSON.stringify(resolved)).toBe('{"__proto__":{"polluted":"r1"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
