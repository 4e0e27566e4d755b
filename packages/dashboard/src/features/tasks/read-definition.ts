import { type ParsedJson, parseJson } from '../../lib/parse-json.ts';

/** The text of a definition, or why it cannot be one: whatever is left, the compiler knows. */
export const readDefinition = (text: string): ParsedJson => {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parsed;
  return { ok: false, problem: { path: undefined, message: 'A task is an object: it begins with { and ends with }' } };
};
