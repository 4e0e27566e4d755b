import { startStack, type Stack, type StackOptions } from '../../packages/local-stack/src/index.ts';
import { makeTempFolder, NOTES_MIGRATION, writeMigrations } from './temp-folder.ts';

export interface TestStack {
  readonly stack: Stack;
  readonly log: readonly string[];
  destroy(): Promise<void>;
}

/** A stack in a folder of its own, on free ports, with Temporal in memory and, unless wished, no API and no worker. */
export const startTestStack = async (options: StackOptions = {}): Promise<TestStack> => {
  const folder = makeTempFolder();
  const log: string[] = [];
  const stack = await startStack({
    projectDir: folder.path,
    migrationsDir: writeMigrations(folder.path, NOTES_MIGRATION),
    ports: 'free',
    api: false,
    worker: false,
    webUi: false,
    keepTemporalData: false,
    log: (text) => log.push(text),
    ...options,
  });
  return {
    stack,
    log,
    destroy: async () => {
      await stack.destroy();
      folder.remove();
    },
  };
};
