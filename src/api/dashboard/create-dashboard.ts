import { randomBytes } from 'node:crypto';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { factsOf } from '../request-facts.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import type { DashboardFile } from './read-files.ts';
import type { DashboardSettings } from './settings.ts';

/** The pages for people, and what they are told. */
export interface DashboardOptions {
  /** undefined: it was not built. */
  readonly files: ReadonlyMap<string, DashboardFile> | undefined;
  readonly settings: DashboardSettings;
}

const ONE_YEAR = 'public, max-age=31536000, immutable';
/** Stands in the built page for a number used once, made for each answer. */
const NONCE = '__CSP_NONCE__';
const NOT_BUILT = '<!doctype html><title>Durabase</title><p>The dashboard was not built. Run <code>npm run build</code>.</p>';

/** Pages of the dashboard. Everything else passes by: what is below /api is never answered with a page. */
export function createDashboard({ files, settings }: DashboardOptions): RequestHandler {
  const router = Router({ caseSensitive: true });
  const page = files?.get('/index.html')?.body.toString() ?? NOT_BUILT;
  router.use((request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const { path } = request;
    if (path === '/dashboard-config.json') return sendConfig(response, settings);
    const file = path === '/index.html' ? undefined : files?.get(path);
    if (file !== undefined) return sendFile(request, response, file);
    if (isPage(request)) return sendPage(response, page, settings);
    next();
  });
  return router;
}

/** An address that a person typed or followed. A name with a dot is a file, and there is no such file. */
const isPage = ({ path, headers }: Request): boolean =>
  path === '/' || (!/^\/api(?:\/|$)/.test(path) && !path.includes('.') && (headers.accept ?? '').includes('text/html'));

function sendConfig(response: Response, settings: DashboardSettings): void {
  factsOf(response).route = '/dashboard-config.json';
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ ...settings, temporal: settings.temporal ?? null }));
}

function sendFile({ headers }: Request, response: Response, { type, body, compressed, isHashed }: DashboardFile): void {
  factsOf(response).route = isHashed ? '/assets/*' : '/*';
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', isHashed ? ONE_YEAR : 'no-cache');
  response.setHeader('Vary', 'Accept-Encoding');
  const isCompressed = compressed !== undefined && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
  response.end(isCompressed ? compressed : body);
}

function sendPage(response: Response, page: string, settings: DashboardSettings): void {
  const nonce = randomBytes(16).toString('base64');
  factsOf(response).route = '/';
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(settings, nonce));
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Cache-Control', 'no-cache');
  response.end(page.replaceAll(NONCE, nonce));
}
