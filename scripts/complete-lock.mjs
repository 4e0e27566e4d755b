// Adds the packages of other platforms to package-lock.json where npm left them out, so that `npm ci` accepts the file
// everywhere. Run it after `npm install` has changed the lock file; it changes nothing when all are there.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const isPresent = (name, parent) => {
  for (let at = parent; ; at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '') {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
};
const platformOf = (name) => {
  const words = name
    .split(/[^a-z0-9]+/i)
    .flatMap((word) => (word === 'windows' ? ['win32'] : [word.replace(/^ppc64le$/, 'ppc64')]));
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  return { ...(cpu.length > 0 ? { cpu } : {}), ...(os.length > 0 ? { os } : {}) };
};

const added = {};
for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const platform = platformOf(name);
    if (isPresent(name, path) || (platform.os === undefined && platform.cpu === undefined)) continue;
    added[`node_modules/${name}`] = { version: range.replace(/^[^0-9]*/, ''), ...platform, optional: true };
  }
}
lock.packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...added }).sort(([left], [right]) => (left < right ? -1 : 1)),
);
if (Object.keys(added).length > 0) writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${Object.keys(added).length} packages of other platforms added`);
