const DIGITS = 32;
const MIN_DIGITS = 4;

const toUuid = (digits: string): string =>
  [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');

/** Every id that begins with a text; undefined: no id does, or nearly all do. */
export const readIdRange = (text: string): { readonly first: string; readonly last: string } | undefined => {
  const digits = text.trim().toLowerCase().replace(/^run-/, '').replaceAll('-', '');
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < MIN_DIGITS || digits.length > DIGITS) return undefined;
  return { first: toUuid(digits.padEnd(DIGITS, '0')), last: toUuid(digits.padEnd(DIGITS, 'f')) };
};
