import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Homes } from './find-homes.ts';

/** An error of the validator; what it carries beside its place depends on the keyword. */
export type SchemaError = Pick<
  ErrorObject<string, Readonly<Record<string, unknown>>, unknown>,
  'instancePath' | 'schemaPath' | 'keyword' | 'params' | 'message' | 'propertyName' | 'parentSchema' | 'data'
>;

const CHOICES: ReadonlySet<string> = new Set(['const', 'enum']);

const isAtOrBelow = ({ instancePath }: SchemaError, place: string): boolean =>
  instancePath === place || instancePath.startsWith(`${place}/`);

/**
 * The branch that an error comes from, if it comes from below a keyword: its number, or the definition it refers to.
 * Behind a reference the validator's paths begin anew; then only the home of the schema object tells.
 */
function branchOf(error: SchemaError, { of, homes }: { readonly of: SchemaError; readonly homes: Homes }): string | undefined {
  if (!isAtOrBelow(error, of.instancePath)) return undefined;
  const home = homes.get(error.parentSchema);
  if (home !== homes.get(of.parentSchema)) return `#${home ?? ''}`;
  if (error.schemaPath === of.schemaPath && error.instancePath !== of.instancePath) return '#'; // a definition that refers to itself
  if (!error.schemaPath.startsWith(`${of.schemaPath}/`)) return undefined;
  return error.schemaPath.slice(of.schemaPath.length + 1).split('/')[0];
}

/** Takes the last errors off, as far as they come from below a keyword that tells of its branches first. */
function takeInner(errors: SchemaError[], of: SchemaError, homes: Homes): readonly SchemaError[] {
  const outside = errors.findLastIndex((error) => branchOf(error, { of, homes }) === undefined);
  return errors.splice(outside + 1);
}

const choicesOf = ({ keyword, params }: SchemaError): readonly unknown[] => {
  const allowed = params['allowedValues'];
  if (keyword === 'const') return [params['allowedValue']];
  return Array.isArray(allowed) ? allowed : [];
};

const typesOf = ({ params }: SchemaError): readonly unknown[] => [params['type']].flat();

const isTypeAt = (error: SchemaError, place: string): boolean => error.keyword === 'type' && error.instancePath === place;

/** Branches that each want another constant at one place are told as one choice. */
function mergeChoices(branches: readonly (readonly SchemaError[])[], union: SchemaError): SchemaError | undefined {
  const [choice] = branches[0]?.filter(({ keyword }) => CHOICES.has(keyword)) ?? [];
  if (choice === undefined) return undefined;
  const choices = branches.map((branch) =>
    branch.find(({ keyword, instancePath }) => CHOICES.has(keyword) && instancePath === choice.instancePath),
  );
  if (choices.includes(undefined)) return undefined;
  const allowedValues = choices.flatMap((error) => (error === undefined ? [] : choicesOf(error)));
  return { ...choice, schemaPath: union.schemaPath, keyword: 'enum', params: { allowedValues } };
}

/** Definitions are shared by branches: where one got further into the value, the type that another asks for does not matter. */
const withoutType = (branch: readonly SchemaError[], place: string): readonly SchemaError[] =>
  branch.some(({ instancePath }) => instancePath !== place) ? branch.filter((error) => !isTypeAt(error, place)) : branch;

/** A branch was hardly meant when a constant in it differs, the less the more is wrong. */
const distanceOf = (branch: readonly SchemaError[]): number =>
  (branch.some(({ keyword }) => CHOICES.has(keyword)) ? 10_000 : 0) + branch.length;

/** Of `anyOf` and `oneOf` the errors of the branch that was probably meant. */
function chooseBranch(inner: readonly SchemaError[], union: SchemaError, homes: Homes): readonly SchemaError[] {
  if (inner.length === 0 || Array.isArray(union.params['passingSchemas'])) return [union];
  const place = union.instancePath;
  const branches = [...Map.groupBy(inner, (error) => branchOf(error, { of: union, homes })).values()];
  const fitting = branches
    .map((branch) => withoutType(branch, place))
    .filter((branch) => !branch.some((error) => isTypeAt(error, place)));
  if (fitting.length === 0) {
    const type = [...new Set(inner.filter((error) => isTypeAt(error, place)).flatMap(typesOf))];
    return [{ ...union, keyword: 'type', params: { type } }];
  }
  const merged = mergeChoices(fitting, union);
  return merged === undefined
    ? fitting.reduce((best, branch) => (distanceOf(branch) < distanceOf(best) ? branch : best))
    : [merged];
}

/** The errors that help, out of all that the validator tells: it reports every branch that was tried. */
export function simplifyErrors(errors: readonly SchemaError[], homes: Homes): readonly SchemaError[] {
  const kept: SchemaError[] = [];
  for (const error of errors) {
    if (error.keyword === 'anyOf' || error.keyword === 'oneOf') {
      kept.push(...chooseBranch(takeInner(kept, error, homes), error, homes));
    } else if (error.keyword === 'contains') {
      takeInner(kept, error, homes);
      kept.push(error);
    } else if ((error.keyword !== 'if' && error.keyword !== 'propertyNames') || kept.length === 0) {
      kept.push(error); // those two follow the errors that say more
    }
  }
  return kept;
}
