import { describe, expect, it } from '@jest/globals';
import { DEFINED, MISFITTING_ALTERNATIVES, SHAPES } from './misfitting-alternatives.ts';
import { MISFITS } from './misfitting-values.ts';
import { objectOf, useChecker } from './use-checker.ts';

const schemas = useChecker();

describe('checkValue', () => {
  it.each([...MISFITS, ...MISFITTING_ALTERNATIVES])('tells of $title', async ({ schema, value, path, message, hint }) => {
    expect(await schemas.checkValue(schema, value)).toEqual([
      { code: 'INVALID_INPUT', path, message, ...(hint === undefined ? {} : { hint }) },
    ]);
  });

  it('accepts what fits', async () => {
    const schema = objectOf(
      { day: { type: 'string', format: 'date' }, to: { type: 'string', format: 'email' } },
      { required: ['to'] },
    );
    expect(await schemas.checkValue(schema, { day: '2026-11-21', to: 'boss@example.com', more: [1] })).toEqual([]);
    expect(await schemas.checkValue(true, { anything: null })).toEqual([]);
    expect(await schemas.checkValue(DEFINED, { owner: { name: 'Ada' } })).toEqual([]);
    expect(await schemas.checkValue(SHAPES, { kind: 'circle', radius: 2 })).toEqual([]);
  });

  it('keeps patterns apart', async () => {
    const schema = objectOf({ a: { pattern: '^a$' }, b: { pattern: '^b$' } });
    expect(await schemas.checkValue(schema, { a: 'a', b: 'b' })).toEqual([]);
    expect((await schemas.checkValue(schema, { a: 'b', b: 'a' })).map(({ path }) => path)).toEqual(['input.a', 'input.b']);
  });

  it('tells of every problem, up to twenty', async () => {
    const schema = objectOf({ a: { type: 'string' }, list: { items: { type: 'string' } } });
    const problems = await schemas.checkValue(schema, { a: 1, list: Array.from({ length: 50 }, (_, index) => index) });
    expect(problems).toHaveLength(20);
    expect(problems[0]?.path).toBe('input.a');
    expect(problems[19]?.path).toBe('input.list[18]');
  });

  it('does not repeat the text of the value', async () => {
    const text = 'my-private-text';
    const schema = objectOf({
      a: { enum: ['x'] },
      b: { pattern: '^x$' },
      c: { type: 'number' },
      d: { format: 'uuid' },
      e: { const: 1 },
    });
    const problems = await schemas.checkValue(schema, { a: text, b: text, c: text, d: text, e: text });
    expect(problems).toHaveLength(5);
    expect(JSON.stringify(problems)).not.toContain(text);
  });

  it('cuts long names short', async () => {
    const [problem] = await schemas.checkValue({ additionalProperties: false }, { ['n'.repeat(5_000)]: 1 });
    expect(problem?.path.length).toBeLessThan(200);
  });

  it('says why a schema cannot be used', async () => {
    expect(await schemas.checkValue(objectOf({ a: { type: 'strng' } }), {})).toEqual([
      {
        code: 'INVALID_INPUT',
        path: 'input',
        message:
          'the input schema cannot be used: input.properties.a.type must be one of "array", "boolean", "integer", "null", "number", "object", "string"',
        hint: 'did you mean "string"?',
      },
    ]);
  });
});
