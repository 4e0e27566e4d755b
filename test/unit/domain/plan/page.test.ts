import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { stepDefinition, taskDefinition, undoDefinition } from '@durabase/contracts';
import { EXPRESSION_NAMES } from '../../../../src/domain/template/read-expression.ts';
import { planOf, problemsOf } from './compile-context.ts';

const page = readFileSync(`${import.meta.dirname}/../../../../docs/tasks.md`, 'utf8');

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text ?? '');

const tasks = blocks('json').map((text) => JSON.parse(text) as { readonly slug: string; readonly steps?: readonly object[] });
const refused = blocks('jsonc').map((text) => {
  const [, path = '', message = ''] = /^\/\/ ✗ ([^:]+): (.*)$/m.exec(text) ?? [];
  return { path, message, task: JSON.parse(text.slice(text.indexOf('\n'))) as unknown };
});

describe('docs/tasks.md', () => {
  it('shows tasks of both kinds', () => {
    expect(tasks.length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeGreaterThanOrEqual(4);
  });

  it.each(tasks)('shows $slug, which compiles', (task) => {
    expect(planOf(task).steps).toHaveLength(task.steps?.length ?? 1);
  });

  it.each(refused)('shows what is wrong at $path', ({ task, path, message }) => {
    expect(problemsOf(task).map((found) => [found.path, found.message])).toEqual([[path, message]]);
  });

  it('shows every field in an example, and names it', () => {
    const written = JSON.stringify(tasks);
    const fields = [taskDefinition, stepDefinition, undoDefinition].flatMap(({ shape }) => Object.keys(shape));
    expect(fields.filter((name) => !written.includes(`"${name}":`))).toEqual([]);
    expect(fields.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('names every value that expressions can read', () => {
    expect(EXPRESSION_NAMES.filter((name) => !new RegExp(`\`${name}[.\`]`).test(page))).toEqual([]);
  });
});
