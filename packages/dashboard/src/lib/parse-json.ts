/** Text as JSON, or why it is none. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: { readonly path: undefined; readonly message: string } };

/** Browsers quote the text, which stands there anyway. */
const withoutQuote = (message: string): string =>
  message.replace(/^JSON\.parse: /, '').replace(/(, \.{0,3}"| in JSON at)[^]*$/, '');

export const parseJson = (text: string): ParsedJson => {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const why =
      text.trim() === '' ? 'there is nothing here' : withoutQuote(error instanceof Error ? error.message : String(error));
    return { ok: false, problem: { path: undefined, message: `This is not JSON: ${why}` } };
  }
};
