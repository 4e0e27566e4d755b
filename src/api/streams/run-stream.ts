import { PlatformError } from '@durabase/contracts';
import type { Log } from '../../ports/log.ts';
import { logProblem, toPlatformError, toProblemBody } from '../problems.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { Bell } from './create-bell.ts';
import type { Outlet } from './create-outlet.ts';
import type { StreamPage } from './stream-source.ts';
import type { StreamSettings } from './stream-settings.ts';

export interface StreamRun {
  /** What was there when it began. */
  readonly first: StreamPage;
  /** What came after a number, with the rights that the caller has now. */
  readonly read: (after: number) => Promise<StreamPage>;
  readonly outlet: Outlet;
  /** Rung when there may be something new, and when the stream has ended. */
  readonly bell: Bell;
  readonly expiresAtMs: number | undefined;
  readonly facts: RequestFacts;
  readonly settings: Pick<StreamSettings, 'pingMs' | 'pollMs'>;
  readonly log: Log;
}

/** Sends what is there and then what comes, in order, until the stream ends. One read at a time; much news is one more read. */
export async function runStream(run: StreamRun): Promise<void> {
  const { first, outlet, bell } = run;
  const stopTimers = startTimers(run);
  try {
    for (let page = first; ; page = await readOn(run, page.lastSeq)) {
      await outlet.send(page.messages);
      if (page.end !== undefined) outlet.end('over', page.end);
      if (!page.isFull) await bell.rung();
      if (outlet.isEnded()) return;
    }
  } finally {
    stopTimers();
  }
}

async function readOn(run: StreamRun, after: number): Promise<StreamPage> {
  const nothing = { messages: [], lastSeq: after, isFull: false };
  try {
    return await run.read(after);
  } catch (thrown) {
    const error = toPlatformError(thrown);
    if (error.code === 'DATABASE_UNAVAILABLE') setTimeout(run.bell.ring, run.settings.pollMs).unref();
    else refuse(run, error);
    return nothing;
  }
}

function refuse({ outlet, facts, log }: StreamRun, error: PlatformError): void {
  if (outlet.isEnded()) return;
  const { requestId, route } = facts;
  facts.code = error.code;
  logProblem(log, { error, requestId, route });
  const event = error.code === 'CHANGES_PRUNED' ? 'resync' : 'error';
  outlet.end('refused', { event, data: toProblemBody(error, requestId) });
}

function startTimers(run: StreamRun): () => void {
  const { outlet, bell, expiresAtMs, settings } = run;
  const pinging = setInterval(() => {
    outlet.ping();
    bell.ring(); // a caller who has lost his right hears of it also when nothing else happens
  }, settings.pingMs);
  const stopExpiry = expiresAtMs === undefined ? undefined : callAt(expiresAtMs, () => refuse(run, expired()));
  return () => {
    clearInterval(pinging);
    stopExpiry?.();
  };
}

const expired = (): PlatformError =>
  new PlatformError('TOKEN_EXPIRED', { hint: 'come back with a new token and the id of the last message' });

/** Longer waits overflow the timer, which would then fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

function callAt(timeMs: number, work: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = timeMs - Date.now();
    if (leftMs <= 0) work();
    else timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS));
  };
  wait();
  return () => clearTimeout(timer);
}
