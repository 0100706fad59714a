// One page of the server, looked at from all sides. `see(page, name)` holds it to what every page must be.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { faults, picture, VIEWS, view } from './look.mjs';
import { issuer } from './ready.mjs';

const ROOT = new URL('../../../', import.meta.url);
const ORIGIN = new URL(issuer).origin;

/** What the page itself tells, beyond axe-core. */
const facts = () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.getClientRects().length > 0;
  const name = (element) => element.id || element.name || element.textContent.trim();
  return {
    lang: document.documentElement.lang,
    titles: all('h1').map((title) => title.textContent.trim()),
    problem: document.querySelector('#problem p')?.textContent.trim(),
    lead: document.querySelector('.lead')?.textContent.trim(),
    buttons: all('a.button').map((link) => link.textContent.trim()),
    fields: all('input').filter(shown).map(({ id, type, autocomplete }) => ({ id, type, autocomplete })),
    scripts: all('script:not([type="application/json"])').length,
    handlers: all('*').flatMap((element) => element.getAttributeNames().filter((attribute) => attribute.startsWith('on'))),
    links: all('a').map(({ href, rel, target }) => ({ href, rel, target })),
    stops: all('a[href], button, input').filter(shown).map(name),
  };
};

/** Where the focus is, and whether one sees it. */
const focus = () => {
  const { activeElement: at } = document;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  return { name: at.id || at.name || at.textContent.trim(), seen: outlineStyle !== 'none' && outlineWidth !== '0px' };
};

/** Rows WEB-12 and WEB-14, and what follows from "no page needs a script". */
const judge = ({ lang, titles, fields, scripts, handlers, links }, { language, sends }) => {
  const found = [];
  const want = (holds, words) => holds || found.push(words);
  want(lang === language, `it is in ${lang}`);
  want(titles.length === 1 && titles[0].length > 0, `its headings are ${titles}`);
  want(scripts === (sends ? 1 : 0), `${scripts} scripts`);
  want(handlers.length === 0, `handlers: ${handlers}`);
  for (const { id, type, autocomplete } of fields) {
    const password = id.startsWith('password');
    want(password === (type === 'password'), `#${id} has the type ${type}`);
    const wanted = password ? /^(current|new)-password$/ : id === 'user_code' ? /^off$/ : /^(email|username)$/;
    want(wanted.test(autocomplete), `#${id} has autocomplete ${autocomplete}`);
  }
  for (const { href, rel, target } of links) {
    const away = new URL(href).origin !== ORIGIN || target;
    want(!away || /\bnoopener\b/.test(rel), `WEB-12: ${href} carries no noopener`);
  }
  return found;
};

/** Every link, button and field is reached by the Tab key alone, and one sees where one is. */
const tabbed = async (page, stops) => {
  const reached = [];
  const found = [];
  for (let press = 0; press < stops.length + 2 && reached.length < stops.length; press += 1) {
    await page.keyboard.press('Tab');
    const { name, seen } = await page.evaluate(focus);
    if (!stops.includes(name) || reached.includes(name)) continue;
    reached.push(name);
    if (!seen) found.push(`the focus on ${name} is not seen`);
  }
  const missed = stops.filter((stop) => !reached.includes(stop));
  return [...found, ...missed.map((name) => `Tab does not reach ${name}`)];
};

/** What was seen: names of pages in their order, and all texts by which pages differ. */
const seen = { names: [], texts: new Set() };

/** WEB-13: what pages load from anywhere but here. `abroad` are the applications' own addresses. */
export const watch = (context, abroad) => {
  const loaded = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${ORIGIN}/`) && !abroad.some((origin) => url.startsWith(origin))) loaded.push(url);
  });
  return loaded;
};

/** `see` for one visitor: `see(page, name, {sends, kept})`. */
export const seer = (language, loaded) =>
  async (page, name, { sends = false, kept = true } = {}) => {
    await page.locator('main h1').waitFor();
    // before the keyboard moves the focus
    if (kept && language === 'en') await picture(page, `${name}.phone`, { width: 390, height: 844 });
    if (kept && language === 'de') await picture(page, `${name}.laptop`, { width: 1280, height: 800, dark: true });
    const told = await page.evaluate(facts);
    const found = judge(told, { language, sends });
    if (!sends) found.push(...(await tabbed(page, told.stops)));
    // colours are the same in every language
    const views = language === 'en' ? VIEWS : VIEWS.filter(({ width, dark }) => dark === width > 600);
    for (const [index, how] of views.entries()) {
      await view(page, how);
      for (const fault of await faults(page, index > 0)) found.push(`${how.width} px ${how.dark ? 'dark' : 'light'}: ${fault}`);
    }
    found.push(...loaded.splice(0).map((url) => `WEB-13: it loads ${url}`));
    for (const text of [...told.titles, ...told.buttons, told.problem, told.lead]) if (text) seen.texts.add(text);
    if (kept && !seen.names.includes(name)) seen.names.push(name);
    assert.deepEqual(found, [], `the page "${name}" in ${language}`);
  };

/** The messages of `web/pages/locales/en.ftl` as patterns: values match anything. */
const messages = () => {
  const text = readFileSync(fileURLToPath(new URL('web/pages/locales/en.ftl', ROOT)), 'utf8');
  const found = new Map();
  for (const [, id, value] of text.matchAll(/^([a-z-]+) =((?:.*)(?:\n +.*)*)/gm)) {
    const variants = [...value.matchAll(/\[\w+\] (.*)/g)].map(([, variant]) => variant);
    const patterns = (variants.length > 0 ? variants : [value.trim()]).map((line) =>
      line.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'),
    );
    found.set(id, new RegExp(`^(?:${patterns.join('|')})$`));
  }
  return found;
};

/** Titles and problems that no page has shown, but those of `unseen`. */
export const missed = (unseen) => {
  const told = (pattern) => [...seen.texts].some((text) => pattern.test(text));
  const all = [...messages()].filter(([id]) => /^error-|^password-(?!advice)|-title$/.test(id) && id !== 'error-summary');
  return all.filter(([id, pattern]) => !unseen[id] && !told(pattern)).map(([id]) => id);
};

/** Writes the page that shows the pictures. */
export const album = () => {
  if (!process.env.UPDATE_PICTURES) return;
  const rows = seen.names.map((name) => `| ${name} | ![on a phone](${name}.phone.png) | ![on a laptop](${name}.laptop.png) |`);
  const text = `# The pages

Every page that people see, on a phone in English and on a laptop in German, in light and dark. The test
\`tests/browser/test/pages.test.mjs\` visits them all and holds them to WCAG 2.2 AA; with \`UPDATE_PICTURES=1\` it takes these
pictures.

| page | phone | laptop |
| --- | --- | --- |
${rows.join('\n')}
`;
  writeFileSync(fileURLToPath(new URL('docs/pages/README.md', ROOT)), text);
};
