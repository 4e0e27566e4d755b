import type { AuthLike, SupabaseLike } from '../supabase/supabase-like.ts';

/** What happens around a client that watches should know of. */
export type Surrounding = 'woken' | 'signed-out';

/** Tells of wake-ups of the page, of the network and of who is signed in. Returns how to stop it. */
export type Surroundings = (listener: (what: Surrounding) => void) => () => void;

/** The little of a page that is used; Node has none of it. */
interface PageLike {
  readonly document?: EventSourceLike & { readonly visibilityState: string };
  readonly addEventListener?: EventSourceLike['addEventListener'];
  readonly removeEventListener?: EventSourceLike['removeEventListener'];
}
interface EventSourceLike {
  addEventListener(name: string, listener: () => void): void;
  removeEventListener(name: string, listener: () => void): void;
}

export const createSurroundings = (supabase: SupabaseLike, page: PageLike = globalThis as PageLike): Surroundings => {
  const listeners = new Set<(what: Surrounding) => void>();
  let stop: (() => void) | undefined;
  const tell = (what: Surrounding): void => {
    for (const listener of listeners) listener(what);
  };
  return (listener) => {
    listeners.add(listener);
    stop ??= join([watchPage(page, tell), watchAuth(supabase, tell)]);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      stop?.();
      stop = undefined;
    };
  };
};

const join =
  (stops: readonly (() => void)[]): (() => void) =>
  () => {
    for (const stop of stops) stop();
  };

const watchPage = (page: PageLike, tell: (what: Surrounding) => void): (() => void) => {
  const onVisible = (): void => {
    if (page.document?.visibilityState === 'visible') tell('woken');
  };
  const onOnline = (): void => tell('woken');
  page.document?.addEventListener('visibilitychange', onVisible);
  page.addEventListener?.('online', onOnline);
  return () => {
    page.document?.removeEventListener('visibilitychange', onVisible);
    page.removeEventListener?.('online', onOnline);
  };
};

const watchAuth = (supabase: SupabaseLike, tell: (what: Surrounding) => void): (() => void) => {
  const auth = readAuth(supabase);
  if (auth === undefined) return () => {};
  let userId: string | undefined;
  const { data } = auth.onAuthStateChange((event, session) => {
    const former = userId;
    userId = session?.user.id;
    const isAnother = former !== undefined && userId !== undefined && former !== userId;
    if (event === 'SIGNED_OUT' || isAnother) defer(() => tell('signed-out'));
    else if (event === 'TOKEN_REFRESHED') defer(() => tell('woken'));
  });
  return () => data.subscription.unsubscribe();
};

/** A call of supabase-js inside this callback would wait for the callback itself. */
const defer = (work: () => void): void => void setTimeout(work, 0);

/** A client that was made with the option `accessToken` has no sign-in of its own, and says so by throwing. */
const readAuth = ({ auth }: SupabaseLike): AuthLike | undefined => {
  try {
    return typeof auth.onAuthStateChange === 'function' ? auth : undefined;
  } catch {
    return undefined;
  }
};
