import { describe, expect, it } from '@jest/globals';
import { collectReferences } from '../../../../src/domain/template/collect-references.ts';

const textsOf = (value: Parameters<typeof collectReferences>[0]) =>
  collectReferences(value).found.map(({ reference, at }) => [at, reference.text]);

describe('collectReferences', () => {
  it.each([null, true, 0, 1.5, '', 'plain', [], {}, { a: ['x', { b: null }] }])('finds nothing in %j', (value) => {
    expect(collectReferences(value)).toEqual({ found: [], broken: [], templated: [] });
  });

  it('says where each reference stands', () => {
    expect(textsOf({ url: '{{ input.a }}/{{ input.b }}', list: ['x', { deep: '{{ run.id }}' }], '{{ run.id }}': 'key' })).toEqual(
      [
        [['url'], 'input.a'],
        [['url'], 'input.b'],
        [['list', 1, 'deep'], 'run.id'],
      ],
    );
  });

  it('places a reference of a bare string at the root', () => {
    expect(textsOf('{{ input }}')).toEqual([[[], 'input']]);
  });

  it('tells a reference that is alone from one with text before it', () => {
    const [alone, behind] = collectReferences(['{{ secrets.A }}', 'Bearer {{ secrets.A }}']).found;
    expect(alone).toMatchObject({ isAlone: true, prefix: '' });
    expect(behind).toMatchObject({ isAlone: false, prefix: 'Bearer ' });
  });

  it.each(['Bearer {{ secrets.A }} tail', 'Bearer {{ secrets.A }}{{ input.b }}'])(
    'gives no usable prefix where something follows: %s',
    (text) => {
      expect(collectReferences(text).found[0]?.prefix).not.toMatch(/^Bearer $/);
    },
  );

  it('gives no usable prefix to a second reference', () => {
    expect(collectReferences('{{ input.scheme }} {{ secrets.A }}').found[1]?.prefix).not.toMatch(/^ ?$/);
  });

  it('goes on behind a string that cannot be read', () => {
    const { found, broken } = collectReferences({ a: '{{ input', b: ['{{ input.b }}', '{{ 1 + }}'] });
    expect(found.map(({ at }) => at)).toEqual([['b', 0]]);
    expect(broken).toEqual([
      { at: ['a'], message: '"{{" at position 1 is never closed by "}}"' },
      { at: ['b', 1], message: '"1 +": something is missing after "+" (at position 3)' },
    ]);
  });

  it('knows the places that are filled without reading anything', () => {
    const { found, templated } = collectReferences({ a: '{{ 1 + 1 }}', b: ['x', '{{ input.b }}'] });
    expect(found.map(({ at }) => at)).toEqual([['b', 1]]);
    expect(templated).toEqual([['a'], ['b', 1]]);
  });
});
