// The pages. `html` escapes every value, so texts from tokens and from the API stay texts.
const escape = (value) => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
class Html extends String {}
const html = (parts, ...values) => {
  const safe = (value) => (Array.isArray(value) ? value.map(safe).join('') : value instanceof Html ? value : escape(value ?? ''));
  return new Html(parts.reduce((text, part, index) => text + safe(values[index - 1]) + part));
};

const LOGO = html`<svg aria-hidden="true" viewBox="0 0 32 32"><rect width="32" height="32" rx="8"/><path d="M13 7h6v6h6v6h-6v6h-6v-6H7v-6h6z"/></svg>`;
const ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%23374a9e'/%3E%3Cpath d='M13 7h6v6h6v6h-6v6h-6v-6H7v-6h6z' fill='white'/%3E%3C/svg%3E";

const page = (content, loggedIn = false) =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Health Records</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<a class="brand" href="/">${LOGO}Health Records</a>
${loggedIn ? html`<a class="button quiet" href="/logout">Log out</a>` : ''}
</header>
<main>${content}</main>
<footer>An example application of Cardea.</footer>
</body>
</html>`.toString();

export const welcome = () =>
  page(html`
<section class="welcome">
<h1>Health records, kept on the server</h1>
<p>Log in to see your patients.</p>
<a class="button" id="login" href="/login">Log in</a>
</section>`);

export const errorPage = (words) =>
  page(html`
<section class="welcome">
<h1>This did not work</h1>
<p id="error">${words}</p>
<a class="button" href="/">Back to the start</a>
</section>`);

const CLAIMS = {
  given_name: 'Given name',
  family_name: 'Family name',
  gender: 'Gender',
  birthdate: 'Birthday',
  sub: 'User ID',
};

/** A year of 0000 means that the person keeps it private. */
const birthday = (date) =>
  new Date(`${date.replace(/^0000/, '2000')}T00:00:00Z`).toLocaleDateString('en', {
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
    ...(date.startsWith('0000') ? {} : { year: 'numeric' }),
  });

const profile = (user) => html`
<section class="card" aria-labelledby="profile-title">
<h2 id="profile-title">Profile</h2>
<p class="source">From the ID token, which is for this application.</p>
<div class="person">
<span class="avatar" aria-hidden="true">${user.name.slice(0, 1).toUpperCase()}</span>
<p><strong id="name">${user.name}</strong><br><span id="email">${user.email}</span></p>
</div>
<dl>
${Object.entries(CLAIMS)
  .filter(([claim]) => user[claim])
  .map(([claim, label]) => html`<div><dt>${label}</dt><dd>${claim === 'birthdate' ? birthday(user[claim]) : user[claim]}</dd></div>`)}
</dl>
</section>`;

const words = (refusal) => `${refusal.error}: ${refusal.error_description}`;

const patients = ({ ok, data }, added) => html`
<section class="card" aria-labelledby="patients-title">
<h2 id="patients-title">Patients</h2>
<p class="source">From the Health API, which the access token opens.</p>
<ul class="patients" id="patients">
${ok ? data.map(({ name }) => html`<li>${name}</li>`) : html`<li>${words(data)}</li>`}
</ul>
<form method="post" action="/patients" id="add">
<label for="patient">New patient</label>
<div class="row"><input id="patient" name="patient" autocomplete="off" maxlength="80" required><button>Add</button></div>
${added ? html`<p id="added" role="status" class="answer${added.ok ? ' good' : ''}">${added.ok ? `${added.name} was added.` : words(added.data)}</p>` : ''}
</form>
</section>`;

const door = ({ name, ok, status, data }) => html`
<div class="door${ok ? ' open' : ''}">
<strong>${name}</strong>
<span class="status">${status} ${ok ? 'opened' : 'refused'}</span>
<p>${ok ? `${data.length} patients` : words(data)}</p>
</div>`;

export const home = ({ user, listed, doors, added }) =>
  page(
    html`
<div class="home">
<h1>Hello, ${user.given_name ?? user.name}</h1>
${profile(user)}
${patients(listed, added)}
<section class="card wide" aria-labelledby="doors-title">
<h2 id="doors-title">Which token opens the API?</h2>
<p class="source">The same request, once with each token.</p>
<div class="doors" id="doors">${doors.map(door)}</div>
</section>
</div>`,
    true,
  );
