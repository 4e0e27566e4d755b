import express from 'express';
import type { Config } from '../config.ts';
import { createRoutePorts } from './create-route-ports.ts';
import { createDashboard, type DashboardOptions } from './dashboard/create-dashboard.ts';
import { createAccessLog } from './middleware/access-log.ts';
import { createAuthenticate } from './middleware/authenticate.ts';
import { createCodecCors } from './middleware/codec-cors.ts';
import { createErrorHandler } from './middleware/error-handler.ts';
import { createRequestId } from './middleware/request-id.ts';
import { createCors } from './middleware/cors.ts';
import { createLimits } from './limits/limits.ts';
import { createSecurityHeaders } from './middleware/security-headers.ts';
import type { ApiPorts } from './ports.ts';
import { lookUpApiKey } from './queries/api-keys.ts';
import { createLinkToTemporal } from './link-to-temporal.ts';
import { createReference } from './reference/create-reference.ts';
import { createRouter, refuseUnknownRoute } from './router.ts';
import { routes, routesByName } from './routes/index.ts';
import type { StreamSettings } from './streams/stream-settings.ts';

/** The API. */
export interface App {
  readonly handle: express.Express;
  /** Ends every stream in good order, so that it does not hold up the end of this process. */
  endStreams(): void;
}

export interface AppOptions {
  /** @default STREAM_SETTINGS */
  readonly streams?: Partial<StreamSettings>;
  /** @default no pages for people */
  readonly dashboard?: DashboardOptions;
}

/** The API as an Express app. Never listens: `server.ts` and tests do. */
export function createApp(
  ports: ApiPorts,
  config: Pick<Config, 'DURABASE_ENVIRONMENT' | 'DURABASE_SECRET_KEY'> &
    Partial<
      Pick<
        Config,
        | 'DURABASE_TEMPORAL_UI_ORIGINS'
        | 'DURABASE_TEMPORAL_UI_URL'
        | 'DURABASE_TEMPORAL_NAMESPACE'
        | 'DURABASE_CORS_ORIGINS'
        | 'DURABASE_TRUSTED_PROXIES'
        | 'DURABASE_RATE_LIMIT_CALLER'
        | 'DURABASE_RATE_LIMIT_ADDRESS'
        | 'DURABASE_RATE_LIMIT_WITHOUT_LOGIN'
      >
    >,
  { streams = {}, dashboard }: AppOptions = {},
): App {
  const { log, verifyToken } = ports;
  const routePorts = createRoutePorts(ports, {
    streams,
    reference: createReference(routesByName),
    linkToTemporal: createLinkToTemporal(config.DURABASE_TEMPORAL_UI_URL, config.DURABASE_TEMPORAL_NAMESPACE),
  });
  const authenticate = createAuthenticate({
    verifyToken,
    secretKey: config.DURABASE_SECRET_KEY,
    lookUpApiKey: (hash) => lookUpApiKey(ports.db, hash),
  });

  const isLocal = config.DURABASE_ENVIRONMENT === 'local';
  const limits = createLimits({
    perCaller: config.DURABASE_RATE_LIMIT_CALLER ?? (isLocal ? undefined : 6_000),
    perAddress: config.DURABASE_RATE_LIMIT_ADDRESS ?? (isLocal ? undefined : 12_000),
    withoutLogin: config.DURABASE_RATE_LIMIT_WITHOUT_LOGIN ?? (isLocal ? undefined : 60),
  });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // answers are never stored, so nothing compares tags
  app.set('query parser', false); // read-query.ts reads queries
  app.set('trust proxy', config.DURABASE_TRUSTED_PROXIES ?? 0); // whoever sends X-Forwarded-For himself is not believed

  app.use(createRequestId());
  app.use(createAccessLog({ log, metrics: routePorts.metrics }));
  app.use(createSecurityHeaders({ isLocal }));
  app.use(createCodecCors({ origins: config.DURABASE_TEMPORAL_UI_ORIGINS ?? [] }));
  app.use(createCors({ origins: config.DURABASE_CORS_ORIGINS ?? [], isLocal }));
  app.use(createRouter({ routes, authenticate, limits, ports: routePorts })); // access, body and schemas are per route
  if (dashboard !== undefined) app.use(createDashboard(dashboard));
  app.use(refuseUnknownRoute);
  app.use(createErrorHandler({ log }));
  return { handle: app, endStreams: routePorts.streams.endAll };
}
