import { describe, expect, it } from '@jest/globals';
import { locatePath, locateSyntaxError, readPath } from '../../../packages/dashboard/src/components/locate-path.ts';
import { orderDefinition } from '../../../packages/dashboard/src/features/tasks/order-definition.ts';

const TEXT = JSON.stringify(
  { slug: 'a', steps: [{ id: 'x' }, { id: 'y', with: { 'x-y': 1, 'a "b"': 2, list: [true, null] } }] },
  null,
  2,
);
const found = (path: string): string => {
  const { from, to } = locatePath(TEXT, path);
  return TEXT.slice(from, to);
};

describe('locatePath', () => {
  it.each([
    ['slug', '"a"'],
    ['steps[1].id', '"y"'],
    ['steps[1].with', '"with"'],
    ['steps[1].with.x-y', '1'],
    ['steps[1].with["a \\"b\\""]', '2'],
    ['steps[1].with.list[1]', 'null'],
    ['steps', '"steps"'],
    ['', '{'],
  ])('finds %j', (path, value) => expect(found(path)).toBe(value));

  it('marks what something is missing in', () => {
    expect(found('steps[1].with.url')).toBe('"with"');
    expect(found('output')).toBe('{');
    expect(found('steps[7].id')).toBe('"steps"');
  });

  it('reads every form of a path', () => {
    expect(readPath('a[0]["b c"].d-e[12]')).toEqual(['a', 0, 'b c', 'd-e', 12]);
  });
});

describe('locateSyntaxError', () => {
  const marked = (text: string): string => {
    const { from, to } = locateSyntaxError(text);
    return text.slice(from, to);
  };
  it('marks a word that is none of JSON', () => expect(marked('{ "a": oops }')).toContain('oops'));
  it('marks the end where something is missing', () => {
    expect(marked('{ "a": [1, 2')).toBe('2');
    expect(marked('{ "a": 1 "b": 2 }').length).toBeGreaterThan(0);
  });
  it('finds a place in nothing', () => expect(locateSyntaxError('')).toEqual({ from: 0, to: 0 }));
});

describe('orderDefinition', () => {
  it('orders what people know, and keeps the rest', () => {
    const text = JSON.stringify(
      orderDefinition({ zeta: 1, steps: [{ with: {}, id: 'a' }], slug: 's', input: { required: ['a'], type: 'object' } }),
    );
    expect(text).toBe('{"slug":"s","input":{"type":"object","required":["a"]},"steps":[{"id":"a","with":{}}],"zeta":1}');
  });
});
