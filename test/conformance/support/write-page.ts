// Writes the tables of docs/conformance.md: that of the differences, and with the report of a run also that of the cases.
//   node test/conformance/support/write-page.ts
//   npm run test:conformance -- --json --outputFile=report.json; node test/conformance/support/write-page.ts report.json
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDifferences } from './describe-differences.ts';
import { toCell, withTable } from './page-table.ts';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly title: string }[];
  }[];
}

const describeCases = ({ testResults }: Report): string => {
  const cases = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ ancestorTitles: [area = ''] }) => /^(REST|Auth|Realtime): /.test(area));
  const rows = Object.entries(Object.groupBy(cases, ({ ancestorTitles: [area = ''] }) => area))
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([area, found = []]) => `| ${toCell(area)} | ${found.map(({ title }) => toCell(title)).join('; ')} |`);
  return ['| area | cases |', '| --- | --- |', ...rows].join('\n');
};

const path = join(import.meta.dirname, '../../../docs/conformance.md');
const [reportPath] = process.argv.slice(2);
const page = withTable(readFileSync(path, 'utf8'), 'known differences', describeDifferences());
const report = reportPath === undefined ? undefined : (JSON.parse(readFileSync(reportPath, 'utf8')) as Report);
writeFileSync(path, report === undefined ? page : withTable(page, 'cases', describeCases(report)));
