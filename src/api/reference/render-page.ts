import { createHash } from 'node:crypto';
import type { OpenApiDocument } from '../openapi/document.ts';
import { escapeHtml, inCode } from './escape-html.ts';
import type { ReferencePage } from './reference.ts';
import { renderOperation } from './render-operation.ts';
import { STYLES } from './styles.ts';

/** The document as one page without scripts: it works offline, and there is nothing in it that could be attacked. */
export function renderPage({ info, tags, paths, components }: OpenApiDocument): ReferencePage {
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => (operation['tags'] as readonly string[]).includes(name));
    return `<section id="${escapeHtml(name)}"><h2>${escapeHtml(name)}</h2>${own.map((shown) => renderOperation(shown, components)).join('')}</section>`;
  });
  const links = tags.map(({ name }) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`).join('');
  const schemas = Object.entries(components['schemas'] ?? {}).map(
    ([name, schema]) =>
      `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escapeHtml(info.title)} API</title><style>${STYLES}</style></head>
<body><header><h1>${escapeHtml(info.title)} API <small>${escapeHtml(info.version)}</small></h1>
<p>${inCode(info.description)}</p><p><a href="openapi.json">openapi.json</a></p></header>
<nav aria-label="Parts">${links}<a href="#schemas">schemas</a></nav>
<main>${sections.join('')}<section id="schemas"><h2>schemas</h2>${schemas.join('')}</section></main></body></html>`;
  const hash = createHash('sha256').update(STYLES).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { html, policy };
}
