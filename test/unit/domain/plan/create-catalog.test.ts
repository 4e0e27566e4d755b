import { describe, expect, it } from '@jest/globals';
import { type ActionContract, ACTIONS, defineAction, type JsonObject } from '@durabase/contracts';
import { z } from 'zod';
import { compileTask } from '../../../../src/domain/plan/compile-task.ts';
import { createCatalog } from '../../../../src/domain/plan/create-catalog.ts';

const weigh = defineAction({
  type: 'weigh',
  summary: 'Weigh things.',
  input: z.record(z.string(), z.number()),
  output: z.union([z.strictObject({ sum: z.number() }), z.string()]),
});
const actions = createCatalog([...ACTIONS, weigh] as readonly ActionContract[]);

const problemsOf = (definition: JsonObject) => {
  const compiled = compileTask(definition, { actions, secrets: new Set() });
  return compiled.ok ? [] : compiled.problems;
};
const never = () => false;

describe('createCatalog', () => {
  it('has an entry for every action, with its promises', () => {
    expect([...actions.keys()]).toEqual([...ACTIONS.map(({ type }) => type), 'weigh']);
    expect(actions.get('weigh')).toMatchObject({ type: 'weigh', kind: 'activity', secretFields: [], retry: weigh.retry });
  });

  it('knows the names of an output that has a fixed form, and only of those', () => {
    expect(actions.get('http')?.outputNames).toEqual(['status', 'headers', 'body', 'url', 'durationMs']);
    expect(actions.get('weigh')?.outputNames).toBeUndefined();
  });

  const readingOf = (first: JsonObject, json: string): JsonObject => ({
    slug: 'task',
    steps: [
      { id: 'a', ...first },
      { id: 'b', action: 'http', needs: ['a'], with: { url: 'https://x.test', json } },
    ],
  });

  it('lets any name be read of an output without a fixed form', () => {
    expect(problemsOf(readingOf({ action: 'external' }, '{{ steps.a.output.anything.at[0].all }}'))).toEqual([]);
  });

  it('lets the names of any form be read of an output that has several', () => {
    expect(problemsOf(readingOf({ action: 'weigh', with: {} }, '{{ steps.a.output.sum + 1 }}'))).toEqual([]);
    expect(problemsOf(readingOf({ action: 'weigh', with: {} }, '{{ steps.a.output.som }}'))).toEqual([
      {
        code: 'INVALID_TASK',
        path: 'steps[1].with.json',
        message: '"steps.a.output.som": steps.a.output has no "som" (at position 15)',
        hint: 'did you mean "sum"?',
      },
    ]);
  });

  it('names fields that are no plain names in the paths of problems', () => {
    const input = { 'a b': 'x', plain: 'x' };
    expect(problemsOf({ slug: 'task', action: 'weigh', with: input }).map(({ path }) => path)).toEqual([
      'with["a b"]',
      'with.plain',
    ]);
    const inSteps = { slug: 'task', steps: [{ id: 'a', action: 'weigh', with: input }] };
    expect(problemsOf(inSteps).map(({ path }) => path)).toEqual(['steps[0].with["a b"]', 'steps[0].with.plain']);
  });

  it('tells of the branch of a union that was meant', () => {
    const entry = actions.get('http');
    const input = { url: 'https://x.test', auth: { header: { name: 'x' } } };
    expect(entry?.checkInput(input, never).map(({ path }) => path)).toEqual(['auth.header.value']);
  });

  it('leaves out what a template may still mend, and nothing else', () => {
    const input = { url: '{{ input.url }}', redirects: '{{ input.n }}', timeout: 'soon' };
    const isTemplated = (path: readonly (string | number)[]) => path[0] === 'url' || path[0] === 'redirects';
    expect(
      actions
        .get('http')
        ?.checkInput(input, isTemplated)
        .map(({ path }) => path),
    ).toEqual(['timeout']);
  });
});
