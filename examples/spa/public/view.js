// What the page shows. Texts from tokens and from the API go in as text, never as HTML.
const at = (id) => document.getElementById(id);

const element = (name, { className, text } = {}, ...children) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
};

/** Shows `welcome` or `home`. */
export const show = (part) => {
  for (const id of ['welcome', 'home']) at(id).hidden = id !== part;
  at('logout').hidden = part !== 'home';
};

export const notice = (text) => {
  at('notice').textContent = text;
  at('notice').hidden = false;
};

export const onLogin = (act) => at('login').addEventListener('click', act);
export const onLogout = (act) => at('logout').addEventListener('click', act);

const CLAIMS = {
  given_name: 'Given name',
  family_name: 'Family name',
  gender: 'Gender',
  birthdate: 'Birthday',
  sub: 'User ID',
};

/** A year of 0000 means that the person keeps it private. */
const birthday = (date) =>
  new Date(`${date.replace(/^0000/, '2000')}T00:00:00Z`).toLocaleDateString(undefined, {
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
    ...(date.startsWith('0000') ? {} : { year: 'numeric' }),
  });

export const profile = (claims) => {
  at('given-name').textContent = claims.given_name ?? claims.name;
  at('name').textContent = claims.name;
  at('email').textContent = claims.email;
  at('avatar').textContent = claims.name.slice(0, 1).toUpperCase();
  const lines = Object.entries(CLAIMS).filter(([claim]) => claims[claim]);
  at('claims').replaceChildren(
    ...lines.map(([claim, label]) => {
      const value = claim === 'birthdate' ? birthday(claims[claim]) : claims[claim];
      return element('div', {}, element('dt', { text: label }), element('dd', { text: value }));
    }),
  );
};

export const scopes = (asked, granted) => {
  const has = granted.split(' ');
  at('scopes').replaceChildren(
    ...asked.map((scope) => {
      const held = has.includes(scope);
      const words = held ? 'granted' : 'not granted';
      return element('li', { className: held ? 'granted' : '' }, element('code', { text: scope }), ` ${words}`);
    }),
  );
};

export const patients = ({ ok, data }) => {
  const lines = ok ? data.map(({ name }) => element('li', { text: name })) : [element('li', { text: words(data) })];
  at('patients').replaceChildren(...lines);
};

const words = (refusal) => `${refusal.error}: ${refusal.error_description}`;

/** One line for each token: the status, and what the API said. */
export const doors = (tried) => {
  at('doors').replaceChildren(
    ...tried.map(({ name, ok, status, data }) => {
      const said = ok ? `${data.length} patients` : words(data);
      return element(
        'div',
        { className: ok ? 'door open' : 'door' },
        element('strong', { text: name }),
        element('span', { className: 'status', text: ok ? `${status} opened` : `${status} refused` }),
        element('p', { text: said }),
      );
    }),
  );
};

/** `add(name)` gives what the API answered. */
export const onAdd = (add) =>
  at('add').addEventListener('submit', async (event) => {
    event.preventDefault();
    const name = at('patient').value.trim();
    const { ok, data } = await add(name);
    at('added').textContent = ok ? `${name} was added.` : words(data);
    at('added').className = ok ? 'answer good' : 'answer';
    at('added').hidden = false;
    if (ok) at('add').reset();
  });
