import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { collectReferences } from '../../../../src/domain/template/collect-references.ts';
import { maskText, maskValue, putInSecrets } from '../../../../src/domain/template/put-in-secrets.ts';
import { resolveTemplates } from '../../../../src/domain/template/resolve-template.ts';

const secrets = new Map([
  ['KEY', 's3cr3t-value'],
  ['USER', 'ada'],
]);

/** What a handler gets: templates resolved into the input first, secrets put in at the places of the plan. */
const handlerInput = (written: Json, input: Json): Json => {
  const places = collectReferences(written).found.filter(({ reference }) => reference.path[0] === 'secrets');
  return putInSecrets(resolveTemplates(written, { input }), places, secrets);
};

describe('putInSecrets', () => {
  it('puts secrets in where the plan has them, behind their prefix, and nowhere else', () => {
    const written = {
      url: 'https://x.test/{{ input.id }}',
      headers: { authorization: 'Bearer {{ secrets.KEY }}', other: 'KEY' },
      list: ['{{ secrets.USER }}', '{{ secrets.KEY }}', 'USER'],
    };
    expect(handlerInput(written, { id: 7 })).toEqual({
      url: 'https://x.test/7',
      headers: { authorization: 'Bearer s3cr3t-value', other: 'KEY' },
      list: ['ada', 's3cr3t-value', 'USER'],
    });
  });

  it.each(['{{ secrets.KEY }}', 'x {{ secrets.KEY }}', { deep: ['{{ secrets.KEY }}'] }])(
    'leaves an input that holds %j as text',
    (hostile) => {
      const written = { headers: { authorization: '{{ secrets.KEY }}' }, json: '{{ input.note }}' };
      expect(handlerInput(written, { note: hostile })).toEqual({
        headers: { authorization: 's3cr3t-value' },
        json: hostile,
      });
    },
  );

  it('does not reach into data that was put in under the name of a place', () => {
    const written = { a: { b: '{{ secrets.KEY }}' }, 'a.b': '{{ input.note }}', list: '{{ input.list }}' };
    expect(handlerInput(written, { note: 'n', list: [{ b: 'x' }] })).toEqual({
      a: { b: 's3cr3t-value' },
      'a.b': 'n',
      list: [{ b: 'x' }],
    });
  });

  it('leaves the frozen input untouched', () => {
    const frozen = { a: '{{ secrets.KEY }}' };
    putInSecrets(frozen, collectReferences(frozen).found, secrets);
    expect(frozen).toEqual({ a: '{{ secrets.KEY }}' });
  });

  it('puts in a secret that looks like a template or a replacement pattern as it is', () => {
    const frozen = { a: 'Bearer {{ secrets.KEY }}' };
    const odd = new Map([['KEY', "$& $1 {{ input.x }} $'"]]);
    expect(putInSecrets(frozen, collectReferences(frozen).found, odd)).toEqual({ a: "Bearer $& $1 {{ input.x }} $'" });
  });
});

describe('maskText', () => {
  it('replaces every occurrence by the name of the secret', () => {
    expect(maskText('s3cr3t-value, again s3cr3t-value of ada', secrets)).toBe(
      '[secret KEY], again [secret KEY] of [secret USER]',
    );
  });

  it('leaves a text without secrets, and ignores an empty secret', () => {
    expect(maskText('nothing', secrets)).toBe('nothing');
    expect(maskText('nothing', new Map([['EMPTY', '']]))).toBe('nothing');
  });

  it('takes no character of a secret for a pattern', () => {
    expect(
      maskText(
        'a.c abc (x',
        new Map([
          ['A', 'a.c'],
          ['B', '(x'],
        ]),
      ),
    ).toBe('[secret A] abc [secret B]');
  });

  it.each([
    [
      'short first',
      [
        ['SHORT', 'abc'],
        ['LONG', 'abcdef'],
      ],
    ],
    [
      'long first',
      [
        ['LONG', 'abcdef'],
        ['SHORT', 'abc'],
      ],
    ],
  ] as const)('leaves no rest of a secret that begins with another one, %s', (_, entries) => {
    expect(maskText('abcdef abc', new Map(entries))).toBe('[secret LONG] [secret SHORT]');
  });

  it('does not bring a value back by a name such as $&', () => {
    expect(maskText('s3cr3t-value', new Map([['$&', 's3cr3t-value']]))).toBe('[secret $&]');
  });

  it('does not mask the names that it has just written', () => {
    expect(
      maskText(
        'top',
        new Map([
          ['A', 'top'],
          ['B', 'secret'],
          ['C', 'A'],
        ]),
      ),
    ).toBe('[secret A]');
  });
});

describe('maskValue', () => {
  it('masks strings and names of properties at every depth and keeps the rest', () => {
    const value = { ada: [1, null, 'x ada', { 's3cr3t-value': true }], n: 1.5 };
    expect(maskValue(value, secrets)).toEqual({
      '[secret USER]': [1, null, 'x [secret USER]', { '[secret KEY]': true }],
      n: 1.5,
    });
  });

  it('returns the same object where there is nothing to hide', () => {
    const value = { a: ['b'] };
    expect(maskValue(value, new Map())).toBe(value);
  });
});
