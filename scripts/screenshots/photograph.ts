import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Where the pictures lie. */
export const IMAGES = join(import.meta.dirname, '../../docs/images');
export const PHONE = { width: 375, height: 740 };
const MAX_BYTES = 200_000;

/** Takes a picture of what is shown, refusing one that is too large for a repository. */
export const photograph = async (page: Page, name: string): Promise<void> => {
  await page.waitForLoadState('networkidle');
  const file = join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  const { size: bytes } = statSync(file);
  console.log(`${name}.png: ${Math.round(bytes / 1_000)} KB`);
  if (bytes > MAX_BYTES) throw new Error(`${name}.png has ${bytes} bytes: more than ${MAX_BYTES}`);
};
