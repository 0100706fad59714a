// The mails that the server under test would have sent.
import { until } from './browser.mjs';
import { ready } from './ready.mjs';

/** All of them, or those to one address, newest first. */
export const mails = async (to) => {
  const all = await (await fetch(ready.dev.inbox)).json();
  return to === undefined ? all : all.filter((mail) => mail.to === to);
};

/** The newest mail to this address whose subject or text fits, when it is there. */
export const mail = (to, pattern = /./) =>
  until(
    async () => (await mails(to)).find((mail) => pattern.test(mail.subject) || pattern.test(mail.text)),
    `a mail to ${to}`,
  );
