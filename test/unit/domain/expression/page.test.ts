import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { EXPRESSION_CODES } from '../../../../src/domain/expression/expression-problem.ts';
import { COALESCE, createLanguage } from '../../../../src/domain/expression/language.ts';
import * as limits from '../../../../src/domain/expression/limits.ts';
import { failure, run } from './run-expression.ts';

const page = readFileSync(`${import.meta.dirname}/../../../../docs/expressions.md`, 'utf8');

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text ?? '');

const bindings = JSON.parse(blocks('json')[0] ?? '') as Record<string, Json>;

const examples = blocks('cel')
  .flatMap((block) => block.trimEnd().split('\n'))
  .map((line) => {
    const [, source = '', mark = '', outcome = ''] = /^(.*?) \/\/ ([→✗]) (.*)$/.exec(line) ?? [];
    return { line, source, mark, outcome };
  });

describe('docs/expressions.md', () => {
  it('shows many examples, each with what it gives', () => {
    expect(examples.length).toBeGreaterThan(60);
    expect(examples.filter(({ mark }) => mark === '').map(({ line }) => line)).toEqual([]);
    expect(examples.filter(({ mark }) => mark === '✗').length).toBeGreaterThan(7);
  });

  it.each(examples.filter(({ mark }) => mark === '→'))('$source gives $outcome', ({ source, outcome }) => {
    expect(JSON.stringify(run(source, bindings))).toBe(outcome);
  });

  it.each(examples.filter(({ mark }) => mark === '✗'))('$source fails: $outcome', ({ source, outcome }) => {
    expect(failure(source, bindings).message).toBe(outcome);
  });

  it('names every function, and no other', () => {
    const functions = [...createLanguage().functions.keys()].filter((name) => /^[a-zA-Z]/.test(name));
    const macros = ['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'has', COALESCE];
    const named = new Set([...page.matchAll(/`([a-zA-Z][\w.]*)\(/g)].map(([, name]) => name));
    expect(functions.filter((name) => !named.has(name))).toEqual([]);
    expect([...named].filter((name) => !functions.includes(name ?? '') && !macros.includes(name ?? ''))).toEqual([]);
  });

  it('names every code and every limit', () => {
    for (const code of Object.keys(EXPRESSION_CODES)) expect(page).toContain(`\`${code}\``);
    for (const limit of [
      limits.MAX_LENGTH,
      limits.MAX_NODES,
      limits.MAX_NESTING,
      limits.DEFAULT_MAX_COST,
      limits.MAX_TEXT,
      limits.MAX_DEPTH,
    ])
      expect(page).toContain(limit.toLocaleString('en-US'));
    expect(page).toContain(`${limits.MAX_RESULT_BYTES / 1_000_000} MB`);
  });
});
