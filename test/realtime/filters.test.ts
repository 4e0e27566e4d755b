import { describe, expect, it } from '@jest/globals';
import { parseBinding } from '../../packages/local-stack/src/realtime/bindings.ts';
import { conditionSql, findConditionProblem, parseFilter } from '../../packages/local-stack/src/realtime/filters.ts';

const condition = (column: string, operator: string, value: string, isNegated = false) => ({
  column,
  operator,
  value,
  isNegated,
});

describe('parseFilter', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['id=eq.5', [condition('id', 'eq', '5')]],
    ['id=not.eq.5', [condition('id', 'eq', '5', true)]],
    ['name=like.a%', [condition('name', 'like', 'a%')]],
    ['a=gt.0, a=lt.100', [condition('a', 'gt', '0'), condition('a', 'lt', '100')]],
    ['s=in.(a,b),t=is.null', [condition('s', 'in', '{a,b}'), condition('t', 'is', 'null')]],
    ['s=eq."a,b",t=eq.1', [condition('s', 'eq', 'a,b'), condition('t', 'eq', '1')]],
    ['s=eq."a\\"b"', [condition('s', 'eq', 'a"b')]],
    ['s=in.("a,b",c)', [condition('s', 'in', '{"a,b",c}')]],
    ['s=eq.a=b.c', [condition('s', 'eq', 'a=b.c')]],
    ['s=eq.', [condition('s', 'eq', '')]],
    ['s=match.^a(b|c)$', [condition('s', 'match', '^a(b|c)$')]],
    ['odd name=isdistinct.x', [condition('odd name', 'isdistinct', 'x')]],
  ])('reads %s', (filter, conditions) => {
    expect(parseFilter(filter)).toEqual({ conditions });
  });

  it.each([
    ['undefined', '["undefined"]'],
    ['id=5', '["id=5"]'],
    ['id=foo.5', '["foo", "5"]'],
    ['id=eq.1,', 'filter must not contain empty segments (check for extra commas)'],
    [',id=eq.1', 'filter must not contain empty segments (check for extra commas)'],
    ['id=in.1', '`in` filter value must be wrapped by parentheses'],
    ['=eq.1', '["=eq.1"]'],
    ['id=not.not.eq.1', '["not", "eq.1"]'],
    ['id=cs.{1}', '["cs", "{1}"]'],
  ])('refuses %s', (filter, problem) => {
    expect(parseFilter(filter)).toEqual({ problem: `Error parsing \`filter\` params: ${problem}` });
  });
});

describe('conditionSql', () => {
  it('never holds text of the client', () => {
    const evil = "x'; drop table t; --";
    for (const operator of [
      'eq',
      'neq',
      'lt',
      'lte',
      'gt',
      'gte',
      'in',
      'like',
      'ilike',
      'is',
      'match',
      'imatch',
      'isdistinct',
    ] as const)
      for (const isNegated of [false, true])
        expect(
          conditionSql({ column: evil, operator, value: evil, isNegated }, { column: 'r.c0', type: 'text', value: '($2)[1]' }),
        ).not.toContain('drop');
  });
});

describe('findConditionProblem', () => {
  it('knows what the type of the column does not allow', () => {
    const find = (operator: 'is' | 'like', value: string, type: string) =>
      findConditionProblem({ column: 'c', operator, value, isNegated: false }, type);
    expect(find('is', 'true', 'bool')).toBeUndefined();
    expect(find('is', 'null', 'int4')).toBeUndefined();
    expect(find('is', 'true', 'int4')).toBe('is true filter requires a boolean column, got int4');
    expect(find('is', 'maybe', 'bool')).toBe('invalid value for is filter: must be null, true, false, or unknown');
    expect(find('like', 'a\\\\', 'text')).toBeUndefined();
    expect(find('like', 'a\\', 'text')).toContain('ends with a backslash');
  });
});

describe('parseBinding', () => {
  it('reads what supabase-js sends', () => {
    expect(parseBinding({ event: '*', schema: 'public', table: 'notes', filter: 'id=eq.1' })).toEqual({
      binding: {
        id: expect.any(Number),
        event: '*',
        schema: 'public',
        table: 'notes',
        conditions: [condition('id', 'eq', '1')],
        select: undefined,
      },
    });
    expect(parseBinding({ event: 'insert', schema: 'public' })).toMatchObject({ binding: { event: 'INSERT', table: '*' } });
    expect(parseBinding({ table: 'notes' })).toMatchObject({ binding: { event: '*', schema: 'public' } });
  });

  it('gives the same wish the same id, and another one another', () => {
    const idOf = (wish: object) => {
      const parsed = parseBinding({ table: 'notes', ...wish });
      return 'binding' in parsed ? parsed.binding.id : 0;
    };
    expect(idOf({ event: '*' })).toBe(idOf({ event: '*' }));
    expect(idOf({ event: '*' })).not.toBe(idOf({ event: 'INSERT' }));
    expect(idOf({})).toBeGreaterThan(0);
  });

  it.each([
    ['nothing', null],
    ['text', 'notes'],
    ['neither schema nor table', { event: '*' }],
    ['a table that is a number', { table: 1 }],
    ['a filter that is a number', { table: 'notes', filter: 1 }],
    ['a malformed filter', { table: 'notes', filter: 'id=1' }],
    ['columns as text', { table: 'notes', select: 'id' }],
    ['columns of all tables', { schema: 'public', select: ['id'] }],
  ])('refuses %s', (_, wish) => {
    expect(parseBinding(wish)).toEqual({ problem: expect.any(String) });
  });
});
