import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from './data-converter.ts';

/** The module whose exports are the workflows. */
export const WORKFLOWS = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

/** Options of {@link bundleWorkflows}. */
export interface BundleOptions {
  /** Whether failures are encoded, which workflows must do alike. */
  readonly isEncoded: boolean;
  /** A bundle that was made ahead by `scripts/bundle-workflows.ts`. @default none: bundle now, one to two seconds */
  readonly file?: string | undefined;
  /** The module whose exports are the workflows. @default the product's own */
  readonly workflows?: string;
}

/** Code of the workflows for their sandbox. */
export async function bundleWorkflows({
  isEncoded,
  file,
  workflows = WORKFLOWS,
}: BundleOptions): Promise<{ readonly code: string }> {
  if (file !== undefined) return { code: await readFile(file, 'utf8') };
  return bundleWorkflowCode({
    workflowsPath: workflows,
    logger: new DefaultLogger('ERROR'),
    ...(isEncoded ? { failureConverterPath: FAILURE_CONVERTER_PATH } : {}),
  });
}
