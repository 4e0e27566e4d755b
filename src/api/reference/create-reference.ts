import { buildOpenApi } from '../openapi/build-document.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import type { Route } from '../route.ts';
import type { Reference, ReferencePage } from './reference.ts';
import { renderPage } from './render-page.ts';

/** Made when somebody first asks: most processes are never asked. */
export function createReference(routesByName: Readonly<Record<string, Route>>): Reference {
  let document: OpenApiDocument | undefined;
  let page: ReferencePage | undefined;
  const readDocument = (): OpenApiDocument => (document ??= buildOpenApi(routesByName));
  return { document: readDocument, page: () => (page ??= renderPage(readDocument())) };
}
