import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../../..');

/** A change of one file of the workflows. */
export interface Change {
  /** Inside `src/workflows`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

function apply({ file, from, to }: Change, folder: string): void {
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`src/workflows/${file} has ${parts.length - 1} times instead of once: ${from}`);
  writeFileSync(path, parts.join(to));
}

/** Hands a changed copy of the workflows to `use`, and removes it afterwards. */
export async function withChangedWorkflows<Result>(
  changes: readonly Change[],
  use: (workflows: string) => Promise<Result>,
): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), 'durabase-workflows-'));
  try {
    cpSync(join(REPOSITORY, 'src'), join(copy, 'src'), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
    for (const change of changes) apply(change, join(copy, 'src/workflows'));
    return await use(join(copy, 'src/workflows/index.ts'));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
