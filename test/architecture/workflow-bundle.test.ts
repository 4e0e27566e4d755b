import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflows } from '../../src/platform/temporal/bundle-workflows.ts';

/** What stands behind the last line is the source map. */
const codeOf = (bundle: string): string => bundle.replace(/\n\/\/# sourceMappingURL=.*$/s, '');

let code = '';
beforeAll(async () => {
  code = codeOf((await bundleWorkflows({ isEncoded: false })).code);
}, 60_000);

describe('the workflow bundle', () => {
  it('has at most 600 KB of code', () => {
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(600_000);
  });
  it('holds no schemas and no drivers', () => {
    expect(code).toContain('runTask');
    for (const name of [
      'node_modules/zod',
      'node_modules/pg/',
      'node_modules/undici',
      'node_modules/ajv',
      'node_modules/@bufbuild',
      'node_modules/re2js',
    ])
      expect(code).not.toContain(name);
  });
});
