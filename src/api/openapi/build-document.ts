import type { Route } from '../route.ts';
import { describeOperation, tagOf, toTemplate } from './describe-operation.ts';
import { HEADERS, PARAMETERS, SECURITY_SCHEMES } from './components.ts';
import { describeRefusals } from './describe-refusals.ts';
import type { OpenApiDocument } from './document.ts';
import { nameSchemas } from './name-schemas.ts';

const DESCRIPTION =
  'Everything that a caller may do is decided in Postgres, for the user, the API key or the service that calls. Every refusal is problem+json with a code; a page is continued by its `nextCursor`.';

/** The whole API, made of the route table: what is not in the table is not in the document. */
export function buildOpenApi(routesByName: Readonly<Record<string, Route>>): OpenApiDocument {
  const schemas = nameSchemas();
  const named = Object.entries(routesByName).map(([name, route]) => ({ operationId: toOperationId(name), route }));
  const paths = [...Map.groupBy(named, ({ route }) => toTemplate(route.path))].map(([path, ofPath]) => [
    path,
    Object.fromEntries(
      ofPath.map(({ operationId, route }) => [route.method.toLowerCase(), describeOperation(operationId, route, schemas)]),
    ),
  ]);
  const document = {
    openapi: '3.1.1',
    info: { title: 'Durabase', version: 'v1', description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: [...new Set(named.map(({ route }) => tagOf(route.path)))].map((name) => ({ name })),
    paths: Object.fromEntries(paths) as OpenApiDocument['paths'],
  };
  const responses = describeRefusals(Object.values(routesByName));
  const components = keepUsed(schemas.components, JSON.stringify([document, responses]));
  return {
    ...document,
    components: { schemas: components, responses, parameters: PARAMETERS, headers: HEADERS, securitySchemes: SECURITY_SCHEMES },
  };
}

/** `listTasksRoute` is the operation `listTasks`. */
export const toOperationId = (name: string): string => name.replace(/Route$/, '');

/** Schemas that nothing refers to would only be read in vain. */
function keepUsed(all: Readonly<Record<string, unknown>>, text: string): Readonly<Record<string, unknown>> {
  const used = new Set<string>();
  const visit = (from: string): void => {
    for (const [, name = ''] of from.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(JSON.stringify(all[name]));
    }
  };
  visit(text);
  return Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
}
