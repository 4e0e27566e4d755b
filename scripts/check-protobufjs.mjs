// Two copies of protobufjs 8 break the reading of JSON histories ("type must be a Type"), so there must be one.
import { execFileSync } from 'node:child_process';

const tree = JSON.parse(
  execFileSync('npm', ['ls', 'protobufjs', '--all', '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
);
const versions = new Set();
const visit = ({ dependencies = {} }) => {
  for (const [name, found] of Object.entries(dependencies)) {
    if (name === 'protobufjs' && found.version?.startsWith('8.')) versions.add(found.version);
    visit(found);
  }
};
visit(tree);
console.log(`protobufjs 8: ${[...versions].join(', ')}`);
process.exit(versions.size === 1 ? 0 : 1);
