import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { compareDefinitions, type FieldChange } from '../../../../src/domain/task/compare-definitions.ts';

const step = (id: string, extra: Readonly<Record<string, Json>> = {}) => ({
  id,
  action: 'sleep',
  with: { duration: '1 s' },
  ...extra,
});

describe('compareDefinitions', () => {
  it.each<readonly [string, Json, Json, readonly FieldChange[]]>([
    ['nothing', { slug: 'a', steps: [step('x')] }, { steps: [step('x')], slug: 'a' }, []],
    ['an added field', { slug: 'a' }, { slug: 'a', name: 'A' }, [{ path: 'name', kind: 'added', after: 'A' }]],
    ['a removed field', { slug: 'a', name: 'A' }, { slug: 'a' }, [{ path: 'name', kind: 'removed', before: 'A' }]],
    [
      'a changed field',
      { slug: 'a', ttl: '1 s' },
      { slug: 'a', ttl: '2 s' },
      [{ path: 'ttl', kind: 'changed', before: '1 s', after: '2 s' }],
    ],
    [
      'a field of a step, by the name of the step',
      { steps: [step('x'), step('y')] },
      { steps: [step('x'), step('y', { with: { duration: '2 s' } })] },
      [{ path: 'steps.y.with.duration', kind: 'changed', before: '1 s', after: '2 s' }],
    ],
    [
      'a step that came first, and no other',
      { steps: [step('y')] },
      { steps: [step('x'), step('y')] },
      [{ path: 'steps.x', kind: 'added', after: step('x') }],
    ],
    [
      'a step that went',
      { steps: [step('x'), step('y')] },
      { steps: [step('y')] },
      [{ path: 'steps.x', kind: 'removed', before: step('x') }],
    ],
    [
      'another order of steps',
      { steps: [step('x'), step('y')] },
      { steps: [step('y'), step('x')] },
      [{ path: 'steps', kind: 'changed', before: ['x', 'y'], after: ['y', 'x'] }],
    ],
    [
      'items of lists, by their place',
      { tags: ['a', 'b'] },
      { tags: ['a', 'c', 'd'] },
      [
        { path: 'tags[1]', kind: 'changed', before: 'b', after: 'c' },
        { path: 'tags[2]', kind: 'added', after: 'd' },
      ],
    ],
    [
      'steps of one id, by their place',
      { steps: [step('x'), step('x')] },
      { steps: [step('x')] },
      [{ path: 'steps[1]', kind: 'removed', before: step('x') }],
    ],
    [
      'a value of another type',
      { output: { a: 1 } },
      { output: [1] },
      [{ path: 'output', kind: 'changed', before: { a: 1 }, after: [1] }],
    ],
    ['null, which is a value', { output: null }, { output: 0 }, [{ path: 'output', kind: 'changed', before: null, after: 0 }]],
    ['a field that is null from one that is not there', {}, { output: null }, [{ path: 'output', kind: 'added', after: null }]],
    [
      'names that no path can hold',
      { with: { 'a b': 1 } },
      { with: { 'a b': 2 } },
      [{ path: 'with["a b"]', kind: 'changed', before: 1, after: 2 }],
    ],
    [
      'names of the prototype',
      { with: {} },
      { with: { constructor: 1 } },
      [{ path: 'with.constructor', kind: 'added', after: 1 }],
    ],
    ['the whole', 'a', 'b', [{ path: '', kind: 'changed', before: 'a', after: 'b' }]],
  ])('finds %s', (_name, before, after, changes) => {
    expect(compareDefinitions(before, after)).toEqual(changes);
  });

  it('finds the same both ways, the other way round', () => {
    const [before, after] = [
      { a: 1, b: [1, 2], c: { d: 1 } },
      { b: [1], c: { d: 2 }, e: 3 },
    ];
    const turn = { added: 'removed', removed: 'added', changed: 'changed' } as const;
    const back = compareDefinitions(after, before).map(({ path, kind }) => `${path} ${turn[kind]}`);
    expect(back.toSorted()).toEqual(
      compareDefinitions(before, after)
        .map(({ path, kind }) => `${path} ${kind}`)
        .toSorted(),
    );
    expect(back).toHaveLength(4);
  });
});
