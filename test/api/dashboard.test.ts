import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { createDashboard } from '../../src/api/dashboard/create-dashboard.ts';
import { readFiles } from '../../src/api/dashboard/read-files.ts';
import { createRequestId } from '../../src/api/middleware/request-id.ts';
import { createSecurityHeaders } from '../../src/api/middleware/security-headers.ts';

const SETTINGS = {
  supabaseUrl: 'https://project.example.com',
  publishableKey: 'sb_publishable_x',
  temporal: { webUrl: 'https://temporal.example.com', namespace: 'durabase' },
};
const PAGE = '<style nonce="__CSP_NONCE__"></style><script nonce="__CSP_NONCE__" src="/assets/app-1a2b.js"></script>';
const ACCEPT_PAGE = { headers: { accept: 'text/html,application/xhtml+xml' } };

let folder = '';
let server: Server;
let url = '';

const serve = async (path: string): Promise<Server> => {
  const app = express();
  app.use(createRequestId());
  app.use(createSecurityHeaders({ isLocal: false }));
  app.use(createDashboard({ files: await readFiles(path), settings: SETTINGS }));
  app.use((_request, response) => void response.writeHead(404, { 'content-type': 'application/json' }).end('{}'));
  const started = createServer(app).listen(0, '127.0.0.1');
  await once(started, 'listening');
  return started;
};

const addressOf = (started: Server): string => `http://127.0.0.1:${(started.address() as AddressInfo).port}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'durabase-dashboard-'));
  mkdirSync(join(folder, 'built/assets'), { recursive: true });
  writeFileSync(join(folder, 'built/index.html'), PAGE);
  writeFileSync(join(folder, 'built/assets/app-1a2b.js'), 'export const a = 1;\n'.repeat(200));
  writeFileSync(join(folder, 'secret.js'), 'no');
  server = await serve(join(folder, 'built'));
  url = addressOf(server);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the pages', () => {
  it.each(['/', '/runs', '/runs/01a1fd6f-5cd5-7487-8b28-1748dc28203e', '/apiary'])('answers %s with the page', async (path) => {
    const response = await fetch(`${url}${path}`, ACCEPT_PAGE);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toContain('/assets/app-1a2b.js');
  });

  it.each(['/api', '/api/v1/nothing', '/assets/gone-1.js', '/favicon.ico'])('leaves %s alone', async (path) => {
    expect((await fetch(`${url}${path}`, ACCEPT_PAGE)).status).toBe(404);
  });

  it('leaves programs alone that ask for something else than a page', async () => {
    expect((await fetch(`${url}/runs`, { headers: { accept: 'application/json' } })).status).toBe(404);
    expect((await fetch(`${url}/runs`, { method: 'POST', ...ACCEPT_PAGE })).status).toBe(404);
  });

  it('is at the root for whatever asks there', async () => {
    const response = await fetch(url, { headers: { accept: '*/*' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('lets only its own scripts run, with a new number for styles each time', async () => {
    const [first, second] = [await fetch(url, ACCEPT_PAGE), await fetch(url, ACCEPT_PAGE)];
    const policy = first.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[A-Za-z0-9+/=]{24}'/);
    expect(policy).toContain("connect-src 'self' https://project.example.com wss://project.example.com;");
    const nonce = /nonce-([^']+)/.exec(policy)?.[1] ?? '';
    expect(await first.text()).toContain(`<style nonce="${nonce}">`);
    expect(second.headers.get('content-security-policy')).not.toBe(policy);
  });

  it('lets hashed files be kept for good, packed where that is understood', async () => {
    const response = await fetch(`${url}/assets/app-1a2b.js`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).toHaveLength(4_000);
    const plain = await fetch(`${url}/assets/app-1a2b.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it.each(['/../secret.js', '/%2e%2e/secret.js', '/assets/..%2f..%2fsecret.js'])(
    'never leaves its folder for %s',
    async (path) => {
      const response = await fetch(`${url}${path}`, ACCEPT_PAGE);
      expect([response.status, await response.text()]).toEqual([404, '{}']);
    },
  );

  it('tells publishable values, and nothing else', async () => {
    expect(await (await fetch(`${url}/dashboard-config.json`)).json()).toEqual(SETTINGS);
  });

  it('says how to build what was not built', async () => {
    const empty = await serve(join(folder, 'nothing'));
    expect(await (await fetch(addressOf(empty), ACCEPT_PAGE)).text()).toContain('npm run build');
    empty.close();
  });
});
