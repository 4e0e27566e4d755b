import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../../packages/local-stack/src/stack.ts';
import { CONFORMANCE_ENV, readForeignSettings } from './settings.ts';

const KEY = Symbol.for('durabase.test.conformance-stack');

/** Setup and teardown are loaded apart from each other; the process is what they have in common. */
const shared = globalThis as typeof globalThis & { [KEY]?: () => Promise<void> };

export const startSharedStack = async (): Promise<void> => {
  if (readForeignSettings(process.env) !== undefined) return;
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-conformance-'));
  const removeFolder = (): void => rmSync(stateDir, { recursive: true, force: true });
  try {
    const stack = await startStack({
      projectDir: join(import.meta.dirname, '../../..'),
      stateDir,
      ports: 'free',
      api: false,
      worker: false,
      webUi: false,
      keepTemporalData: false,
      log: () => {},
    });
    shared[KEY] = async () => {
      await stack.destroy();
      removeFolder();
    };
  } catch (error) {
    removeFolder(); // Jest runs no teardown after a failed setup
    throw error;
  }
  process.env[CONFORMANCE_ENV.stackDir] = stateDir;
};

export const stopSharedStack = async (): Promise<void> => {
  await shared[KEY]?.();
  delete shared[KEY];
};
