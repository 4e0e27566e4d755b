import { KNOWN_DIFFERENCES } from '../known-differences.ts';
import { toCell } from './page-table.ts';

const code = (value: unknown): string => `\`${toCell(typeof value === 'string' ? value : JSON.stringify(value))}\``;

/** The table of known differences as the page shows it. */
export const describeDifferences = (): string =>
  [
    '| area | case | local stack | Supabase | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...Object.values(KNOWN_DIFFERENCES).map(
      ({ area, case: name, stack, supabase, advice }) =>
        `| ${area} | ${toCell(name)} | ${code(stack)} | ${code(supabase)} | ${toCell(advice)} |`,
    ),
  ].join('\n');
