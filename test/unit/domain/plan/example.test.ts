import { afterAll, describe, expect, it } from '@jest/globals';
import { createCompile } from '../../../../src/domain/plan/compile-for-workspace.ts';
import { createJsonSchema } from '../../../../src/platform/json-schema/index.ts';
import { WRONG_LOOPS } from './example-loops.ts';
import { WRONG_NAMES } from './example-names.ts';
import { changeExample, EXAMPLE, EXAMPLE_ACTIONS } from './example-task.ts';
import { WRONG_TYPES } from './example-types.ts';
import { WRONG_WORDS } from './example-words.ts';

const WRONG = [...WRONG_TYPES, ...WRONG_LOOPS, ...WRONG_NAMES, ...WRONG_WORDS];

const schemas = createJsonSchema({});
afterAll(() => schemas.close());

const compile = createCompile({
  actions: EXAMPLE_ACTIONS,
  schemas,
  secrets: { find: () => Promise.resolve(undefined), names: () => Promise.resolve(new Set(['SALES_KEY', 'TOKEN'])) },
});

/** How libraries speak, and never we. */
const FOREIGN = /\b(?:Invalid|Unrecognized|Too (?:small|big)|Expected|expected \w+, received|reserved keyword|undefined|NaN)\b/;

describe('the example of the design', () => {
  it('compiles, in the order of its needs', async () => {
    const compiled = await compile(EXAMPLE, {});
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    expect(compiled.plan.steps.map(({ id, kind, needs, when }) => ({ id, kind, needs, when }))).toEqual([
      { id: 'fetch', kind: 'activity', needs: [], when: undefined },
      { id: 'digest', kind: 'activity', needs: ['fetch'], when: undefined },
      { id: 'ok', kind: 'wait', needs: ['digest'], when: undefined },
      { id: 'send', kind: 'activity', needs: ['ok'], when: "steps.ok.output.decision == 'yes'" },
    ]);
    expect(compiled.plan).toMatchObject({ timeoutMs: 600_000, ttlMs: 3_600_000, output: EXAMPLE['output'] });
  });

  it.each([
    ['a condition on what may be null', { 'steps.3.when': "steps.ok.output != null && steps.ok.output.decision == 'yes'" }],
    ['any name of what stands in for an answer', { 'steps.3.when': "steps.ok.output.reason == 'late'" }],
    ['a loop over a body', { 'steps.3.forEach': 'steps.fetch.output.body.items', 'steps.3.maxParallel': 3 }],
    ['a long loop over literals', { 'steps.3.forEach': 'lists.range(10000).map(i, "row " + string(i))' }],
    [
      'what a loop is at',
      { 'steps.3.forEach': '[{"a": 1}]', 'steps.3.with.text': '{{ item.a }} {{ index + 1 }}', 'steps.3.when': 'index > 0' },
    ],
    ['items of the outputs of a loop', { 'steps.1.forEach': '[1]', 'steps.3.with.text': '{{ steps.digest.output[0].text }}' }],
    [
      'a text made of the outputs of a loop',
      { 'steps.1.forEach': '[1]', 'steps.3.with.text': '{{ steps.digest.output.map(x, x.text).join() }}' },
    ],
    [
      'what undoes a step, with its output',
      { 'steps.0.onFailure': { action: 'http', with: { url: 'https://x.test', json: '{{ steps.fetch.output.body }}' } } },
    ],
    ['an expression where a number is wanted', { 'steps.0.with.redirects': '{{ 1 + 1 }}' }],
    ['a number of the body where text is wanted', { 'steps.3.with.text': '{{ steps.fetch.output.body.text }}' }],
    [
      'a header with an input in it',
      { 'steps.0.with.headers': { cookie: 'session={{ input.day }}; theme=dark', authorization: '{{ input.to }}' } },
    ],
    [
      'words that expressions can read behind a dot',
      { 'steps.0.id': 'for', 'steps.1.needs': ['for'], 'steps.1.with.prompt': '{{ steps.for.output.body }}!' },
    ],
    ['a condition that is always true', { 'steps.3.when': 'true' }],
  ])('compiles with %s', async (_, changes) => {
    expect(await compile(changeExample(changes), {})).toMatchObject({ ok: true });
  });

  it.each(WRONG)('is refused with $title', async ({ task, path, message, hint, code = 'INVALID_TASK' }) => {
    const compiled = await compile(task, {});
    expect(compiled).toEqual({ ok: false, problems: [{ code, path, message, hint }] });
    expect(`${message} ${hint}`).not.toMatch(FOREIGN);
    expect(hint).toMatch(/\w/);
  });

  it('has many wrong variants, no two alike', () => {
    expect(new Set(WRONG.map(({ task }) => JSON.stringify(task))).size).toBe(WRONG.length);
    expect(WRONG.length).toBeGreaterThanOrEqual(100);
  });
});
