import { describe, expect, it } from '@jest/globals';
import { orderSteps } from '../../../../src/domain/plan/order-steps.ts';

/** Steps from a drawing: `['b a', 'a']` is b, which needs a, and a. */
const steps = (...drawn: readonly string[]) =>
  drawn.map((text) => {
    const [id = '', ...needs] = text.split(' ');
    return { id, action: 'sleep', ...(needs.length === 0 ? {} : { needs }) };
  });
const idsOf = (...drawn: readonly string[]) => orderSteps(steps(...drawn)).order.ordered.map(({ id }) => id);
const problemsOf = (...drawn: readonly string[]) => orderSteps(steps(...drawn)).problems;

const ORDERS: readonly (readonly [readonly string[], string])[] = [
  [['a'], 'a'],
  [['a', 'b', 'c'], 'a b c'],
  [['c b', 'b a', 'a'], 'a b c'],
  [['d b c', 'b a', 'c a', 'a'], 'a b c d'],
  [['z', 'b z', 'a'], 'z a b'],
  [['a', 'b a a'], 'a b'],
];

const CYCLES: readonly (readonly [readonly string[], string, string])[] = [
  [['a b', 'b a'], 'steps[0].needs', 'a → b → a'],
  [['a b', 'b c', 'c a'], 'steps[0].needs', 'a → b → c → a'],
  [['first', 'out a', 'a b', 'b a'], 'steps[2].needs', 'a → b → a'],
  [['a first b', 'first', 'b a'], 'steps[0].needs', 'a → b → a'],
  [['tail x', 'x y', 'y z', 'z y'], 'steps[2].needs', 'y → z → y'],
];

describe('orderSteps', () => {
  it.each(ORDERS)('orders %j as %s', (drawn, order) => {
    expect(idsOf(...drawn).join(' ')).toBe(order);
    expect(problemsOf(...drawn)).toEqual([]);
  });

  it('knows for each step all those that are surely done before it', () => {
    const { before } = orderSteps(steps('d b', 'c a', 'b a', 'a', 'lone')).order;
    const sets = Object.fromEntries([...before].map(([id, done]) => [id, [...done].sort().join(' ')]));
    expect(sets).toEqual({ a: '', lone: '', b: 'a', c: 'a', d: 'a b' });
  });

  it.each(CYCLES)('names the cycle in %j and points at one of its steps', (drawn, path, cycle) => {
    expect(problemsOf(...drawn)).toEqual([
      { code: 'INVALID_TASK', path, message: `these steps need each other: ${cycle}`, hint: 'remove one of the arrows' },
    ]);
  });

  it('names a step that needs itself', () => {
    expect(problemsOf('b', 'a b a')).toEqual([
      { code: 'INVALID_TASK', path: 'steps[1].needs', message: 'the step "a" needs itself', hint: 'remove "a" from "needs"' },
    ]);
  });

  it('still orders the steps outside of a cycle', () => {
    expect(idsOf('a b', 'b a', 'c', 'd c')).toEqual(['c', 'd']);
  });

  it('tells of an unknown step with the one that is meant', () => {
    expect(problemsOf('fetch', 'send fetch ftch')).toEqual([
      { code: 'INVALID_TASK', path: 'steps[1].needs[1]', message: 'there is no step "ftch"', hint: 'did you mean "fetch"?' },
    ]);
  });

  it('tells of every repetition of an id', () => {
    const twice = { code: 'INVALID_TASK', message: 'the id "a" is used twice', hint: 'give each step an id of its own' };
    expect(problemsOf('a', 'b', 'a', 'a')).toEqual([
      { ...twice, path: 'steps[2].id' },
      { ...twice, path: 'steps[3].id' },
    ]);
  });

  it('orders a chain of 200 steps that is written backwards', () => {
    const chain = Array.from({ length: 200 }, (_, index) => (index === 199 ? 's199' : `s${index} s${index + 1}`));
    expect(idsOf(...chain)).toEqual(chain.map((_, index) => `s${199 - index}`));
  });
});
