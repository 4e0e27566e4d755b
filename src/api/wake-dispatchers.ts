import type { Queryable, Statement } from '../ports/db.ts';
import type { Log } from '../ports/log.ts';

const NOTIFY: Statement = { name: 'api_wake', text: "select pg_notify('durabase_work', '')" };

/** At most one word to the dispatchers is on its way; whatever asks meanwhile shares the next one. */
export function createWake({ db, log }: { readonly db: Queryable; readonly log: Log }): () => void {
  let isSending = false;
  let isAskedAgain = false;
  const wake = (): void => {
    if (isSending) {
      isAskedAgain = true;
      return;
    }
    isSending = true;
    db.query(NOTIFY, [])
      .catch((error: Error) => log.debug('wake.failed', { reason: error.message })) // dispatchers also poll
      .finally(() => {
        isSending = false;
        if (!isAskedAgain) return;
        isAskedAgain = false;
        wake();
      });
  };
  return wake;
}
