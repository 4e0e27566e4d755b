import type { DashboardSettings } from './settings.ts';

/** Only what this page is made of, and only the one Supabase project: a script that slipped in could neither run nor report. */
export function contentSecurityPolicy({ supabaseUrl }: Pick<DashboardSettings, 'supabaseUrl'>, nonce: string): string {
  const { origin, host, protocol } = new URL(supabaseUrl);
  const socket = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'", // where the editor puts its lines
    "img-src 'self' data:", // the editor draws its marks as images
    "font-src 'self'",
    `connect-src 'self' ${origin} ${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
