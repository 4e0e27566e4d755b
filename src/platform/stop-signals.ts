import type { Log } from '../ports/log.ts';

const GONE = 'parent gone';

/**
 * Calls `stop` once when the process is asked to end: SIGINT, SIGTERM, or the parent that started it with a channel is
 * gone. Then the process exits; a second signal ends it at once.
 */
export function onStop(log: Log, stop: () => Promise<void>): void {
  let isStopping = false;
  const handle = (reason: string): void => {
    if (isStopping && reason === GONE) return;
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info('process.stopping', { reason });
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('process.not-stopped', { reason: error instanceof Error ? error.message : String(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => handle('SIGINT'));
  process.on('SIGTERM', () => handle('SIGTERM'));
  if (process.channel !== undefined) process.on('disconnect', () => handle(GONE));
}
