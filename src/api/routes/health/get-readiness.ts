import { readiness, type Readiness } from '@durabase/contracts/api/operations';
import type { InstanceFigures } from '../../figures.ts';
import { defineRoute } from '../../route.ts';

const RETRY_AFTER = { 'Retry-After': '2' };

/** Temporal is not looked at: runs are accepted without it. */
export const getReadinessRoute = defineRoute({
  method: 'GET',
  path: '/readyz',
  access: 'public',
  summary: 'Whether runs are accepted, and whether somebody executes them.',
  answers: { 200: readiness, 503: readiness },
  handler: async (_call, { figures }) => {
    const body = judgeReadiness(await figures.read());
    return body.status === 'unavailable' ? { status: 503, headers: RETRY_AFTER, body } : { status: 200, body };
  },
});

function judgeReadiness(read: InstanceFigures | undefined): Readiness {
  if (read === undefined) {
    return {
      status: 'unavailable',
      parts: { database: { status: 'unavailable' }, workers: { status: 'unknown', polling: null } },
    };
  }
  const polling = read.figures.workersPolling;
  return {
    status: polling > 0 ? 'ready' : 'degraded',
    parts: { database: { status: 'ok' }, workers: { status: polling > 0 ? 'ok' : 'none', polling } },
  };
}
