// What a person does on the server's pages.
import { jane } from './ready.mjs';

/** Fills in the login page and sends it. `who` has an `email` and a `password`. */
export const logIn = async (page, who = jane) => {
  await page.locator('input[name=username]:visible').fill(who.email);
  await page.locator('input[name=password]').fill(who.password);
  await page.locator('form#login button[name=action]').click();
};

/** Answers the consent page. */
export const consent = (page, answer = 'accept') =>
  page.locator(`form#consent button[name=action][value=${answer}]`).click();

/** Fills in the sign-up page and sends it. */
export const signUp = async (page, who) => {
  await page.locator('input[name=email]').fill(who.email);
  await page.locator('input[name=password]').fill(who.password);
  await page.locator('button[name=action][value=default]').click();
};
