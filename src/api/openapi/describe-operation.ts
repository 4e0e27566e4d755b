import type { Route } from '../route.ts';
import { exampleOf } from './examples.ts';
import type { JsonSchema } from './json-schema.ts';
import { type NamedSchemas, toJsonSchema } from './name-schemas.ts';
import { nameRefusal } from './describe-refusals.ts';
import { refusalsOf } from './refusals.ts';

/** One operation of the document. */
export function describeOperation(operationId: string, route: Route, schemas: NamedSchemas): Readonly<Record<string, unknown>> {
  const { access, body, summary } = route;
  return {
    operationId,
    tags: [tagOf(route.path)],
    summary,
    security: access === 'caller' ? [{ userToken: [] }, { apiKey: [] }, { secretKey: [] }] : [],
    parameters: [
      ...fieldsOf(route.params, 'path'),
      ...fieldsOf(route.query, 'query'),
      ...headersOf(route).map((name) => refer('parameters', name)),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: schemas.describe(body, 'input'), ...exampleOf(operationId) } },
          },
        }),
    responses: { ...goodAnswers(route, schemas), ...refusals(route) },
  };
}

const refer = (kind: 'parameters' | 'headers' | 'responses', name: string) => ({ $ref: `#/components/${kind}/${name}` });

/** The first part of the path below `/api/v1`; what stands outside of it is for operators. */
export const tagOf = (path: string): string => /^\/api\/v1\/([^/.]+)/.exec(path)?.[1] ?? 'operating';

/** Path of a route in the spelling of OpenAPI. */
export const toTemplate = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

function fieldsOf(schema: Route['params'], place: 'path' | 'query'): readonly object[] {
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input') as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

const headersOf = ({ takesIdempotencyKey, stream, tag }: Route): readonly string[] => [
  ...(takesIdempotencyKey ? ['IdempotencyKey'] : []),
  ...(stream === undefined ? [] : ['LastEventId']),
  ...(tag === 'read' ? ['IfNoneMatch'] : []),
  ...(tag === 'write' ? ['IfMatch'] : []),
];

function goodAnswers(route: Route, schemas: NamedSchemas): Readonly<Record<string, unknown>> {
  const isText = route.answersText !== undefined;
  const answers = Object.entries(route.answers).map(([status, schema]) => {
    const json = {
      [route.answersText ?? 'application/json']: { schema: isText ? { type: 'string' } : schemas.describe(schema, 'output') },
    };
    const content = route.stream === undefined ? json : { ...json, 'text/event-stream': { schema: { type: 'string' } } };
    const headers = answerHeadersOf(route, Number(status)).map((name) => [HEADER_NAMES[name], refer('headers', name)]);
    return [status, { description: TITLES[Number(status)] ?? 'Done.', headers: Object.fromEntries(headers) as object, content }];
  });
  const notModified = route.tag === 'read' ? { 304: { description: 'Unchanged since the ETag of If-None-Match.' } } : {};
  return { ...(Object.fromEntries(answers) as object), ...notModified };
}

type HeaderName = 'XRequestId' | 'Location' | 'ETag' | 'IdempotencyReplayed';
const HEADER_NAMES: Readonly<Record<HeaderName, string>> = {
  XRequestId: 'X-Request-Id',
  Location: 'Location',
  ETag: 'ETag',
  IdempotencyReplayed: 'Idempotency-Replayed',
};
const TITLES: Readonly<Record<number, string>> = { 200: 'Done.', 201: 'Made.', 503: 'Not ready.' };

const answerHeadersOf = ({ tag, takesIdempotencyKey }: Route, status: number): readonly HeaderName[] => [
  'XRequestId',
  ...(status === 201 ? (['Location'] as const) : []),
  ...(status === 200 && takesIdempotencyKey ? (['IdempotencyReplayed'] as const) : []),
  ...(tag === undefined ? [] : (['ETag'] as const)),
];

const refusals = (route: Route): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    [...refusalsOf(route)]
      .filter(([status]) => route.answers[status] === undefined)
      .map(([status, codes]) => [status, refer('responses', nameRefusal(status, codes))]),
  );
