// What CI runs, for people as well: every check in order, stopping at the first that fails.
import { spawnSync } from 'node:child_process';

const steps = [
  ['format', 'npm run --silent format:check'],
  ['lint', 'npm run --silent lint'],
  ['types', 'npm run --silent typecheck'],
  ['imports', 'npm run --silent deps:check'],
  ['generated files', 'npm run --silent docs:gen -- --check'],
  ['one protobufjs 8', 'node scripts/check-protobufjs.mjs'],
  ['tests', 'npm test -- --coverage'],
];
const began = performance.now();
for (const [name, command] of steps) {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`\n${name}: failed`);
    process.exit(status ?? 1);
  }
}
console.log(`\nverified in ${Math.round((performance.now() - began) / 1_000)} s`);
