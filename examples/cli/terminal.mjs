// Colours where they are wanted, and columns.
const colourful = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : String(text));

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

/** Names and values in two columns, without those that are missing. */
export const table = (lines) => {
  const shown = Object.entries(lines).filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `  ${name.padEnd(width)}${value}`).join('\n');
};
