import { z } from 'zod';
import { PlatformError } from '@durabase/contracts';
import type { Db, Statement } from '../ports/db.ts';
import type { Log } from '../ports/log.ts';

const figures = z.object({
  queued: z.number(),
  blocked: z.number(),
  oldestReadyMs: z.number().nullable(),
  open: z.number(),
  permits: z.number(),
  inbox: z.number(),
  driftUnmended: z.number(),
  workersPolling: z.number(),
});

const answer = z.object({
  figures,
  auditHead: z.object({ seal: z.number(), hash: z.string() }).nullable(),
});

/** Counts over the whole instance. */
export type Figures = Readonly<z.infer<typeof figures>>;

/** What the instance says of itself. */
export interface InstanceFigures {
  readonly figures: Figures;
  /** The newest seal of the audit's chain; null before the first. */
  readonly auditHead: Readonly<z.infer<typeof answer>>['auditHead'];
}

export interface FiguresReader {
  /** undefined: the database did not answer in time. */
  read(): Promise<InstanceFigures | undefined>;
}

const FIGURES: Statement = {
  name: 'api_figures',
  text: 'select durabase_private.figures() as figures, durabase_private.audit_head() as "auditHead"',
};
/** Anybody may ask, so the database is asked once a second at most. */
const FRESH_MS = 1_000;
/** Probes give up after a few seconds; an answer must be there before. */
const PATIENCE_MS = 2_000;

export function createFigures({ db, log }: { readonly db: Db; readonly log: Log }): FiguresReader {
  let asked: { readonly answer: Promise<InstanceFigures | undefined>; readonly atMs: number } | undefined;

  const ask = async (): Promise<InstanceFigures> => {
    const [row] = await db.query(FIGURES, []);
    return answer.parse(row);
  };
  const askWithPatience = async (): Promise<InstanceFigures | undefined> => {
    const timer = Promise.withResolvers<undefined>();
    const handle = setTimeout(timer.resolve, PATIENCE_MS, undefined);
    try {
      return await Promise.race([ask(), timer.promise]);
    } catch (error) {
      const isAway = error instanceof PlatformError && error.code === 'DATABASE_UNAVAILABLE';
      log[isAway ? 'warn' : 'error']('figures.unavailable', { reason: error instanceof Error ? error.message : String(error) });
      return undefined; // readyz and metrics tell it
    } finally {
      clearTimeout(handle);
    }
  };

  return {
    read: () => {
      if (asked === undefined || performance.now() - asked.atMs > FRESH_MS)
        asked = { answer: askWithPatience(), atMs: performance.now() };
      return asked.answer;
    },
  };
}
