const SURROGATE = /[\uD800-\uDFFF]/;

/** CEL counts characters of text in code points, JavaScript in UTF-16 code units: they differ where there are surrogates. */
export const isSimple = (text: string): boolean => !SURROGATE.test(text);

/** The characters of a text, one code point each. */
export const pointsOf = (text: string): string[] => (isSimple(text) ? text.split('') : Array.from(text));

/** Number of code points. */
export function lengthOf(text: string): number {
  if (isSimple(text)) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The UTF-16 offset of a code point; the length of the text for one that is too far. */
export function unitOffset(text: string, index: number): number {
  if (isSimple(text)) return Math.min(index, text.length);
  let offset = 0;
  for (let count = 0; count < index && offset < text.length; count += 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** The order of UTF-8, in which CEL compares text: below, at, or above zero. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a === b) continue;
    const [isHighA, isHighB] = [a >= 0xd800 && a <= 0xdfff, b >= 0xd800 && b <= 0xdfff];
    // A surrogate stands for a code point above all others.
    return isHighA === isHighB ? a - b : isHighA ? 1 : -1;
  }
  return left.length - right.length;
}
