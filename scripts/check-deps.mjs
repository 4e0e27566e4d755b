// Import directions as data: .dependency-cruiser.cjs. A tool that sees no modules finds no violations, so their number is
// checked as well.
import { spawnSync } from 'node:child_process';

const { stdout, stderr, status } = spawnSync(
  'depcruise',
  ['src', 'packages', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
  {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  },
);
if (stdout === '') {
  console.error(stderr);
  process.exit(status ?? 1);
}
const { summary, modules } = JSON.parse(stdout);
const own = modules.filter((module) => /^(src|packages)\//.test(module.source)).length;
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
console.log(`${own} modules, ${summary.violations.length} violations`);
if (own < 50) {
  console.error('too few modules were seen: is @swc/core installed?');
  process.exit(1);
}
process.exit(summary.violations.length === 0 ? 0 : 1);
