import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { describeDifferences } from './support/describe-differences.ts';
import { withTable } from './support/page-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/conformance.md'), 'utf8');
const tests = globSync('**/*.test.ts', { cwd: import.meta.dirname })
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('\n');

describe('docs/conformance.md', () => {
  it('shows the known differences of this moment', () => {
    expect(page).toBe(withTable(page, 'known differences', describeDifferences()));
  });

  it('names every area that is tested', () => {
    const areas = [...tests.matchAll(/'((?:REST|Auth|Realtime): [^']+)', \(\) => \{/g)].map(([, area]) => area ?? '');
    expect(areas.length).toBeGreaterThan(30);
    expect(areas.filter((area) => !page.includes(`| ${area} |`))).toEqual([]);
  });

  it('has a test for each known difference', () => {
    // Some stand in a table of cases, where only their name does.
    expect(Object.keys(KNOWN_DIFFERENCES).filter((name) => !tests.includes(`'${name}'`))).toEqual([]);
  });
});
