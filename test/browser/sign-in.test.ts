import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createPerson } from './support/people.ts';
import { signIn, useBrowser } from './support/use-browser.ts';

const browser = useBrowser();

describe('signing in', () => {
  it('leads to the page that was asked for', async () => {
    const person = await createPerson();
    const page = await browser.open({ path: '/tasks?q=report' });
    await page.waitForURL(/\/sign-in\?next=/);
    await signIn(page, person);
    await page.waitForURL(/\/tasks\?q=report$/);
    expect(await page.title()).toBe('Tasks · Durabase');
  });

  it('says plainly that a password is wrong', async () => {
    const { email } = await createPerson();
    const page = await browser.open();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill('something else');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('The e-mail or the password is wrong.');
  });

  it('never leads to another site', async () => {
    const person = await createPerson();
    const page = await browser.open({ path: '/sign-in?next=//example.com/' });
    await signIn(page, person);
    await page.waitForURL(/\/runs$/);
  });
});

describe('signing up', () => {
  const signUp = async (page: Page, email: string, password: string): Promise<void> => {
    await page.getByRole('button', { name: 'Create one' }).click();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Create the account' }).click();
  };

  it('makes an account, and leads to the page that was asked for', async () => {
    const page = await browser.open({ path: '/tasks' });
    await signUp(page, `${randomUUID().slice(0, 8)}@example.com`, 'correct horse battery');
    await page.waitForURL(/\/tasks$/);
    await page.getByText('Tasks are shown to members of their workspace').waitFor(); // a sign-up gives no workspace here
  });

  it('says plainly why there is none', async () => {
    const { email } = await createPerson();
    const page = await browser.open();
    await signUp(page, email, 'correct horse battery');
    expect(await page.getByRole('alert').textContent()).toBe('There is an account with this e-mail. Sign in.');
  });
});

describe('signing out', () => {
  it('closes every page, here and in other tabs', async () => {
    const page = await browser.openAs(await createPerson());
    const other = await page.context().newPage();
    await other.goto('/tasks');
    await other.getByRole('heading', { name: 'Tasks', exact: true }).waitFor();
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto('/runs');
    await page.waitForURL(/\/sign-in/);
  });
});

describe('a session', () => {
  it('that has ended by itself is told, and goes on where it was', async () => {
    const person = await createPerson();
    const page = await browser.openAs(person);
    await page.goto('/favicon.svg'); // where nothing asks for the session meanwhile
    // As after a night: the token is old, and the one that renews it is not known any more.
    await page.evaluate(`{
      const kept = JSON.parse(localStorage.getItem('durabase-session'));
      localStorage.setItem('durabase-session', JSON.stringify({ ...kept, expires_at: 1, refresh_token: 'gone' }));
    }`);
    await page.goto('/tasks');
    await page.getByText('Your session has ended. Sign in to go on.').waitFor();
    await signIn(page, person);
    await page.waitForURL(/\/tasks$/);
  });
});
