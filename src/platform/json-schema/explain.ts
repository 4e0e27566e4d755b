import type { Problem } from '@durabase/contracts';
import { formatPath } from '../../domain/plan/problem.ts';
import { suggestName } from '../../domain/plan/suggest-name.ts';

/** An error of the validator, as it crosses the thread. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
  /** Names that the schema knows at this place. */
  readonly known: readonly string[];
}

const pathOf = (pointer: string, root: string): readonly (string | number)[] => [
  root,
  ...pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      return /^\d+$/.test(name) ? Number(name) : name;
    }),
];

/** One problem in words: what is there, what would be right. */
export function explain({ instancePath, keyword, params, message, known }: SchemaError): Problem {
  const at = pathOf(instancePath, 'input');
  const missing = params['missingProperty'];
  const extra = params['additionalProperty'] ?? params['unevaluatedProperty'];
  const allowed = params['allowedValues'];
  if (keyword === 'required' && typeof missing === 'string') {
    return { code: 'INVALID_INPUT', path: formatPath([...at, missing]), message: 'is missing' };
  }
  if (typeof extra === 'string') {
    return {
      code: 'INVALID_INPUT',
      path: formatPath([...at, extra]),
      message: 'is not known here',
      hint: suggestName(extra, known),
    };
  }
  const hint = Array.isArray(allowed)
    ? {
        hint: `allowed: ${allowed
          .map((value) => JSON.stringify(value))
          .join(', ')
          .slice(0, 500)}`,
      }
    : {};
  return { code: 'INVALID_INPUT', path: formatPath(at), message, ...hint };
}
