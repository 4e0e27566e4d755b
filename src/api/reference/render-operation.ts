import type { OpenApiDocument } from '../openapi/document.ts';
import { escapeHtml, inCode } from './escape-html.ts';

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Readonly<Record<string, unknown>>;
}
interface Referring {
  readonly $ref?: string;
}
interface Parameter {
  readonly name?: string;
  readonly in?: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: unknown;
}
interface Content {
  readonly [type: string]: { readonly schema?: unknown; readonly example?: unknown };
}

/** One operation: closed, its method, path and summary; open, all the rest. */
export function renderOperation({ path, method, operation }: Shown, components: OpenApiDocument['components']): string {
  const read = <Part>(part: Part & Referring): Part => (part.$ref === undefined ? part : (lookUp(part.$ref, components) as Part));
  const { operationId, summary, parameters, requestBody, responses, security } = operation as {
    readonly operationId: string;
    readonly summary: string;
    readonly parameters: readonly Parameter[];
    readonly requestBody?: { readonly content: Content };
    readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
    readonly security: readonly unknown[];
  };
  const access = security.length === 0 ? '<p class="open">Needs no login.</p>' : '';
  const answers = Object.entries(responses).map(([status, response]) => {
    const { description, content = {} } = read(response);
    return `<dt>${escapeHtml(status)}</dt><dd>${inCode(description)} ${Number(status) < 400 ? renderContent(content) : ''}</dd>`;
  });
  const body = requestBody === undefined ? '' : `<h4>Body</h4>${renderContent(requestBody.content)}`;
  return `<details id="${escapeHtml(operationId)}"><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code> <span>${inCode(summary)}</span></summary><div>${access}${renderParameters(parameters.map(read))}${body}<h4>Answers</h4><dl>${answers.join('')}</dl></div></details>`;
}

const lookUp = (reference: string, components: OpenApiDocument['components']): unknown => {
  const [, , kind = '', name = ''] = reference.split('/');
  return components[kind]?.[name];
};

function renderParameters(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(({ name, in: place, required, description = '', schema }) => {
    const where = `${String(place)}${required === true ? ', required' : ''}`;
    return `<tr><td><code>${escapeHtml(String(name))}</code></td><td>${escapeHtml(where)}</td><td>${inCode(description)} <code>${escapeHtml(JSON.stringify(schema))}</code></td></tr>`;
  });
  return `<h4>Parameters</h4><table>${rows.join('')}</table>`;
}

const renderContent = (content: Content): string =>
  Object.entries(content)
    .map(([type, { schema, example }]) => {
      const sample = example === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>`;
      return `<p><code>${escapeHtml(type)}</code> ${renderSchema(schema)}</p>${sample}`;
    })
    .join('');

function renderSchema(schema: unknown): string {
  const reference = (schema as { readonly $ref?: string } | undefined)?.$ref?.split('/').at(-1);
  if (reference !== undefined) return `<a href="#schema-${escapeHtml(reference)}">${escapeHtml(reference)}</a>`;
  return `<code>${escapeHtml(JSON.stringify(schema))}</code>`;
}
