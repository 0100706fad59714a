// How a page looks and whether everybody can use it: axe-core, no sideways scrolling, pictures.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURES = fileURLToPath(new URL('../../../docs/pages/', import.meta.url));
/** WCAG 2.2 A and AA, and what axe-core recommends beyond. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Of these, what depends on the width and the colours. */
const BY_EYE = ['color-contrast', 'target-size', 'link-in-text-block', 'scrollable-region-focusable'];

export const VIEWS = [390, 1280].flatMap((width) => [false, true].map((dark) => ({ width, dark })));

/** Shows the page in this width and these colours. Its height is that of a phone or of a laptop. */
export const view = async (page, { width, dark, height = width < 600 ? 844 : 800 }) => {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
};

/** What is wrong with the page as it is shown now, in words; `seen` says that it was looked at in another view before. */
export const faults = async (page, seen = false) => {
  // through the debugger, so the page's Content-Security-Policy stays as it is
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(`${AXE}; null`);
  const { violations, incomplete } = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ['violations', 'incomplete'] }),
    seen ? { type: 'rule', values: BY_EYE } : { type: 'tag', values: TAGS },
  );
  const unsure = incomplete.filter(({ id }) => id === 'color-contrast');
  const found = [...violations, ...unsure].flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help} ${any[0]?.message ?? ''} ${html}`),
  );
  const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  if (beyond > 0) found.push(`it is ${beyond} px wider than the window`);
  return found;
};

/** Waits for `shown`, and checks the page on a phone and a laptop, in light and dark. */
export const tidy = async (page, shown) => {
  await shown.first().waitFor();
  for (const [index, how] of VIEWS.entries()) {
    await view(page, how);
    assert.deepEqual(await faults(page, index > 0), [], `${page.url()} ${how.width} px ${how.dark ? 'dark' : 'light'}`);
  }
};

/** Keeps a picture of the page for the documentation, where UPDATE_PICTURES asks for it. */
export const picture = async (page, name, { dark = false, ...how }) => {
  if (!process.env.UPDATE_PICTURES) return;
  await view(page, { dark, ...how });
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true, animations: 'disabled', caret: 'hide', scale: 'css' });
};
