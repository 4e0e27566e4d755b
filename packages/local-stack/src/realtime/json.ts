export type ParsedJson = { readonly json: unknown } | { readonly problem: string };

/** Deep nesting is harmless to read, but ends the stack of whoever writes it again. */
export const parseJson = (text: string, maxDepth: number): ParsedJson => {
  try {
    const json: unknown = JSON.parse(text);
    return isDeeperThan(json, maxDepth) ? { problem: 'the JSON nests too deeply' } : { json };
  } catch {
    return { problem: 'not JSON' };
  }
};

const isDeeperThan = (json: unknown, levels: number): boolean => {
  if (typeof json !== 'object' || json === null) return false;
  return levels === 0 || Object.values(json).some((value) => isDeeperThan(value, levels - 1));
};
