import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { buildOpenApi, toOperationId } from '../../src/api/openapi/build-document.ts';
import type { OpenApiDocument } from '../../src/api/openapi/document.ts';
import { toTemplate } from '../../src/api/openapi/describe-operation.ts';
import { EXAMPLES } from '../../src/api/openapi/examples.ts';
import { routes, routesByName } from '../../src/api/routes/index.ts';
import { useApi } from './support/use-api.ts';

const document = buildOpenApi(routesByName);
const used = useApi();

describe('openapi.json', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const verdict = await new Validator().validate(toData(document));
    expect(verdict).toEqual({ valid: true });
  });

  it('is refused by the same validator when it is broken', async () => {
    const broken = { ...toData(document), paths: { '/x': { get: { responses: 'none' } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('tells every route, and refers to nothing that is not there', () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${toTemplate(path)}`).toSorted());
    const ids = operations(document).map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(routes.length);
    for (const [, kind = '', name = ''] of JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/([\w.]+)"/g))
      expect(Object.keys(document.components[kind] ?? {})).toContain(name);
  });

  it('names the schemas of every contract', () => {
    const source = readFileSync('src/api/openapi/name-schemas.ts', 'utf8');
    const contracts = readdirSync('packages/contracts/src/api').filter((file) => file !== 'parts.ts');
    expect(contracts.filter((file) => !source.includes(`@durabase/contracts/api/${file.replace('.ts', '')}'`))).toEqual([]);
  });

  it('shows bodies that the contracts take', () => {
    const names = new Map(Object.entries(routesByName).map(([name, route]) => [toOperationId(name), route]));
    for (const [operationId, example] of Object.entries(EXAMPLES))
      expect({ operationId, isTaken: names.get(operationId)?.body?.safeParse(example).success }).toEqual({
        operationId,
        isTaken: true,
      });
  });

  it('shows one for every body that must have something in it', () => {
    const without = Object.entries(routesByName)
      .filter(([name, { body }]) => body !== undefined && !body.safeParse({}).success && !(toOperationId(name) in EXAMPLES))
      .map(([name]) => name);
    expect(without).toEqual([]);
  });

  it('is what the API serves, and what is committed', async () => {
    const { status, body } = await used.api.call('GET', '/api/v1/openapi.json');
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(JSON.parse(readFileSync('docs/openapi.json', 'utf8'))).toEqual(body);
  });
});

describe('the reference page', () => {
  it('shows each operation, without a script and without anything from elsewhere', async () => {
    const { status, text, headers } = await used.api.call('GET', '/api/v1/reference');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/);
    for (const { operationId } of operations(document)) expect(text).toContain(`id="${operationId}"`);
    expect(text).not.toMatch(/<script|<link|<img|src=|\son\w+=|url\(/);
  });
});

const operations = ({ paths }: OpenApiDocument) =>
  Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => ({ operationId: String(operationId) })),
  );

const toData = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
