import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const findOnPath = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isProgram);

/** `DURABASE_CHROMIUM`, else one on the PATH, else that of Debian's packages, which is installed where that is possible. */
export const findChromium = (): string => {
  const named = process.env['DURABASE_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  return findOnPath() ?? install();
};

const install = (): string => {
  const isPossible = process.getuid?.() === 0 && isProgram('/usr/bin/apt-get');
  if (isPossible) {
    process.stderr.write('installing Chromium from the packages of this system, once\n');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [
      ['update', '-qq'],
      ['install', '-y', '-qq', 'chromium'],
    ])
      execFileSync('apt-get', args, { env });
  }
  const found = findOnPath();
  if (found !== undefined) return found;
  throw new Error('There is no Chromium. Install one (Debian: apt-get install chromium), or name one in DURABASE_CHROMIUM.');
};
