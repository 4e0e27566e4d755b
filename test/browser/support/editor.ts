import type { Page } from 'playwright-core';

/** Puts a text in the place of what the editor of a task holds. */
export const writeDefinition = async (page: Page, text: string): Promise<void> => {
  // It can only be read until it is known that this person may write.
  await page.locator('[role="textbox"][aria-label="Definition"]:not([aria-readonly])').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
};
