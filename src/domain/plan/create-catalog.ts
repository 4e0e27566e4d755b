import type { ActionContract, JsonObject, Problem } from '@durabase/contracts';
import type { ActionCatalog, CatalogEntry } from './action-catalog.ts';
import { isSecretField } from './check-references.ts';
import { explainIssue, flattenIssue, schemaOf } from './explain-issue.ts';

const namesOf = (schema: ActionContract['output']): readonly string[] | undefined => {
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : undefined;
};

function entryOf(contract: ActionContract): CatalogEntry {
  const inputSchema = schemaOf(contract.input);
  const isHidden = (at: readonly (string | number)[]) => isSecretField(at, contract);
  return {
    type: contract.type,
    kind: contract.kind,
    secretFields: contract.secretFields,
    retry: contract.retry,
    timeouts: contract.timeouts,
    effectOf: contract.effectOf,
    outputNames: namesOf(contract.output),
    inputSchema,
    outputSchema: schemaOf(contract.output, 'output'),
    checkInput: (input: JsonObject, isTemplated): readonly Problem[] => {
      const parsed = contract.input.safeParse(input);
      if (parsed.success) return [];
      return (
        parsed.error.issues
          .flatMap(flattenIssue)
          // Problems at places that templates fill, or above and below them, show only when the step runs.
          .filter(({ path }) => !isTemplated(path.map((part) => (typeof part === 'symbol' ? String(part) : part))))
          .flatMap((issue) => explainIssue(issue, { value: input, schema: inputSchema, isHidden }))
      );
    },
  };
}

/** The compiler's view of action contracts. */
export const createCatalog = (contracts: readonly ActionContract[]): ActionCatalog =>
  new Map(contracts.map((contract) => [contract.type, entryOf(contract)]));
