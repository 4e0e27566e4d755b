import { describe, expect, it } from '@jest/globals';
import { findUntaken } from '../../../../src/domain/plan/find-untaken.ts';

const step = (id: string, ...needs: readonly string[]) => ({ id, action: 'sleep', needs: [...needs] });

describe('findUntaken', () => {
  it('follows the needs, in whatever order the steps stand', () => {
    expect(findUntaken('a', [step('c', 'b'), step('b', 'a'), step('a'), step('other')]).toSorted()).toEqual(['b', 'c']);
  });

  it('leaves a step that needs something else as well', () => {
    expect(findUntaken('a', [step('a'), step('b'), step('c', 'a', 'b')])).toEqual([]);
  });
});
