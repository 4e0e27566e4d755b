import type { Session } from '@supabase/supabase-js';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useBackend } from './backend.ts';

/** Who is signed in, as far as it is known. */
export type SessionState =
  | { readonly status: 'unknown' }
  /** `hasExpired`: he did not sign out himself. */
  | { readonly status: 'signed out'; readonly hasExpired: boolean }
  | { readonly status: 'signed in'; readonly userId: string; readonly email: string };

interface SessionPort {
  readonly session: SessionState;
  readonly signOut: () => Promise<void>;
}

const SessionContext = createContext<SessionPort>({ session: { status: 'unknown' }, signOut: async () => {} });

export const useSession = (): SessionPort => use(SessionContext);

const toState = (session: Session | null, hasExpired: boolean): SessionState =>
  session === null
    ? { status: 'signed out', hasExpired }
    : { status: 'signed in', userId: session.user.id, email: session.user.email ?? 'user' };

const isSame = (left: SessionState, right: SessionState): boolean =>
  left.status === right.status && (left.status !== 'signed in' || right.status !== 'signed in' || left.userId === right.userId);

/** Follows Supabase Auth: sign-in and sign-out here and in other tabs, and sessions that end by themselves. */
export const SessionProvider = ({ children }: { readonly children: ReactNode }) => {
  const { supabase } = useBackend();
  const [session, setSession] = useState<SessionState>({ status: 'unknown' });
  const isLeaving = useRef(false);
  useEffect(() => {
    const { data } = supabase.auth.onAuthStateChange((event, current) => {
      const hasExpired = event === 'SIGNED_OUT' && !isLeaving.current;
      const next = toState(current, hasExpired);
      setSession((known) => (isSame(known, next) ? known : next));
      if (current !== null) isLeaving.current = false;
    });
    return () => data.subscription.unsubscribe();
  }, [supabase]);
  const signOut = useCallback(async () => {
    isLeaving.current = true;
    // Only this browser: other devices stay signed in. An endpoint that cannot be reached does not keep anybody in.
    await supabase.auth.signOut({ scope: 'local' });
  }, [supabase]);
  const port = useMemo(() => ({ session, signOut }), [session, signOut]);
  return <SessionContext value={port}>{children}</SessionContext>;
};
