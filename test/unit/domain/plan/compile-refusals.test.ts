import { describe, expect, it } from '@jest/globals';
import { problemsOf } from './compile-context.ts';
import { REFUSED_INPUTS, REFUSED_POLICIES, REFUSED_SHAPES } from './refused-definitions.ts';
import { REFUSED_STEPS, REFUSED_TEMPLATES } from './refused-references.ts';
import { REFUSED_SECRETS } from './refused-secrets.ts';

const REFUSED = [
  ...REFUSED_SHAPES,
  ...REFUSED_POLICIES,
  ...REFUSED_STEPS,
  ...REFUSED_TEMPLATES,
  ...REFUSED_SECRETS,
  ...REFUSED_INPUTS,
];

const beginningWith = (text: string) => new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`);

describe('compileTask refuses', () => {
  it.each(REFUSED)('$title', ({ task, path, message, hint, code = 'INVALID_TASK' }) => {
    const problems = problemsOf(task);
    expect(problems).toEqual([
      { code, path, message: expect.stringMatching(beginningWith(message)), ...(hint === undefined ? {} : { hint }) },
    ]);
  });
});
