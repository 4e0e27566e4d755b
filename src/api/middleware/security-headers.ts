import type { RequestHandler } from 'express';

const HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};
const ONE_YEAR = 'max-age=31536000';

/** What browsers must not do with answers; answers are for one caller, so nobody stores them. */
export const createSecurityHeaders =
  ({ isLocal }: { readonly isLocal: boolean }): RequestHandler =>
  (_request, response, next) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!isLocal) response.setHeader('Strict-Transport-Security', ONE_YEAR);
    next();
  };
