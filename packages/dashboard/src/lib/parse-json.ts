/** Text as JSON, or where it stops being JSON. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: { readonly from: number; readonly to: number; readonly message: string } };

/** The parsers of browsers say where in words of their own. */
const placeOf = (message: string, text: string): number => {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line === undefined || column === undefined) return text.length;
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.reduce((length, part) => length + part.length + 1, 0) + Number(column) - 1;
};

export const parseJson = (text: string): ParsedJson => {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    const at = Math.min(placeOf(told, text), text.length);
    const from = at === text.length ? Math.max(0, text.trimEnd().length - 1) : at;
    const message =
      text.trim() === '' ? 'There is nothing here yet' : told.replace(/^JSON\.parse: /, '').replace(/ in JSON at.*$/, ' here');
    return { ok: false, problem: { from, to: Math.min(from + 1, text.length), message: `This is not JSON: ${message}` } };
  }
};
