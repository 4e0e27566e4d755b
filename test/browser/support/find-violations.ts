import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What is broken, each with where: a list to read when this fails. */
export const findViolations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(async (options: RunOptions): Promise<AxeResults> => {
    const { axe: injected } = globalThis as unknown as { readonly axe: { run(options: RunOptions): Promise<AxeResults> } };
    return injected.run(options);
  }, {});
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  );
};
