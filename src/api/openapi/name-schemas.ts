import { z } from 'zod';
import * as apiKeys from '@durabase/contracts/api/api-key';
import * as audit from '@durabase/contracts/api/audit';
import * as codec from '@durabase/contracts/api/codec';
import * as event from '@durabase/contracts/api/event';
import * as externalStep from '@durabase/contracts/api/external-step';
import * as feed from '@durabase/contracts/api/feed';
import * as operations from '@durabase/contracts/api/operations';
import * as people from '@durabase/contracts/api/people';
import * as problem from '@durabase/contracts/api/problem-body';
import * as run from '@durabase/contracts/api/run';
import * as runCounts from '@durabase/contracts/api/run-counts';
import * as explanation from '@durabase/contracts/api/run-explanation';
import * as runOperations from '@durabase/contracts/api/run-operations';
import * as runStory from '@durabase/contracts/api/run-story';
import * as task from '@durabase/contracts/api/task';
import * as upload from '@durabase/contracts/api/upload';
import type { JsonSchema } from './json-schema.ts';

/** What the contracts export has a name; what a route makes up itself is written where it stands. */
const CONTRACTS = [
  apiKeys,
  audit,
  codec,
  event,
  externalStep,
  feed,
  operations,
  people,
  problem,
  run,
  runCounts,
  explanation,
  runOperations,
  runStory,
  task,
  upload,
];
/** Sent by callers; all other exports are answers. */
const SENT = /Body$/;
const PARTS = /(?:Query|Params|Filter)$/;

export interface NamedSchemas {
  /** Schemas by name, as they stand below `components.schemas`. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /** A reference to a named schema, or the schema itself. */
  describe(schema: z.ZodType, io: 'input' | 'output'): JsonSchema;
}

type Registry = ReturnType<typeof z.registry<{ id: string }>>;

const uri = (id: string): string => `#/components/schemas/${id}`;
const toName = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function nameSchemas(): NamedSchemas {
  const registries = { input: z.registry<{ id: string }>(), output: z.registry<{ id: string }>() };
  for (const [name, schema] of CONTRACTS.flatMap((contract) => Object.entries(contract))) {
    if (!(schema instanceof z.ZodType) || PARTS.test(name)) continue;
    const isSent = SENT.test(name) && schema !== problem.problemBody;
    registries[isSent ? 'input' : 'output'].add(schema, { id: toName(name) });
  }
  return {
    components: { ...toComponents(registries.input, 'input'), ...toComponents(registries.output, 'output') },
    describe: (schema, io) => {
      const id = registries[io].get(schema)?.id;
      return id === undefined ? toJsonSchema(schema, io) : { $ref: uri(id) };
    },
  };
}

/** A schema as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
export const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  tidy(z.toJSONSchema(schema, { io, unrepresentable: 'any', override: asSent }) as JsonSchema);

function toComponents(registry: Registry, io: 'input' | 'output'): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(registry, { io, unrepresentable: 'any', uri, override: asSent });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, tidy(schema as JsonSchema)]));
}

const SAID_BY_FORMAT: readonly unknown[] = ['uuid', 'date-time'];

/** A number in a query is sent as digits: what callers read is the number. A format says what its long pattern does. */
const asSent = ({ jsonSchema }: { jsonSchema: JsonSchema }): void => {
  if (jsonSchema['type'] === 'integer' || SAID_BY_FORMAT.includes(jsonSchema['format'])) delete jsonSchema['pattern'];
};

const tidy = ({ $schema: _dialect, $id: _id, ...rest }: JsonSchema): JsonSchema => rest;
