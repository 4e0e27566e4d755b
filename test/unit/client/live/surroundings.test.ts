import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { createSurroundings } from '../../../../packages/client/src/live/surroundings.ts';
import type { AuthLike, SupabaseLike } from '../../../../packages/client/src/supabase/supabase-like.ts';

type Listener = Parameters<AuthLike['onAuthStateChange']>[0];

const createPage = () => {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  return Object.assign(page, { document });
};

const createAuth = () => {
  const listeners = new Set<Listener>();
  const auth: AuthLike = {
    onAuthStateChange: (listener) => {
      listeners.add(listener);
      return { data: { subscription: { unsubscribe: () => void listeners.delete(listener) } } };
    },
  };
  const tell = (event: string, userId?: string): void => {
    for (const listener of listeners) listener(event, userId === undefined ? null : { user: { id: userId } });
  };
  return { supabase: { auth } as SupabaseLike, listeners, tell };
};

describe('what happens around a client', () => {
  it('wakes it: the page is shown, the network is back', () => {
    const page = createPage();
    const heard: string[] = [];
    const stop = createSurroundings(createAuth().supabase, page)((what) => heard.push(what));
    page.document.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('online'));
    page.document.visibilityState = 'hidden';
    page.document.dispatchEvent(new Event('visibilitychange'));
    expect(heard).toEqual(['woken', 'woken']);
    stop();
    page.dispatchEvent(new Event('online'));
    expect(heard.length).toBe(2);
  });

  it('tells who is signed in: a new token wakes, another user is not the same, nobody is nobody', async () => {
    const { supabase, tell } = createAuth();
    const heard: string[] = [];
    createSurroundings(supabase, createPage())((what) => heard.push(what));
    const hear = async (event: string, userId?: string): Promise<readonly string[]> => {
      heard.length = 0;
      tell(event, userId);
      expect(heard).toEqual([]); // never inside the callback of Auth
      await delay(1);
      return [...heard];
    };
    expect(await hear('INITIAL_SESSION')).toEqual([]);
    expect(await hear('SIGNED_IN', 'anna')).toEqual([]);
    expect(await hear('SIGNED_IN', 'anna')).toEqual([]);
    expect(await hear('TOKEN_REFRESHED', 'anna')).toEqual(['woken']);
    expect(await hear('SIGNED_IN', 'bert')).toEqual(['signed-out']);
    expect(await hear('SIGNED_OUT')).toEqual(['signed-out']);
    expect(await hear('SIGNED_IN', 'carl')).toEqual([]);
  });

  it('is watched once for all who listen, and only while somebody does', () => {
    const { supabase, listeners } = createAuth();
    const surroundings = createSurroundings(supabase, createPage());
    expect(listeners.size).toBe(0);
    const stops = [surroundings(() => {}), surroundings(() => {})];
    expect(listeners.size).toBe(1);
    for (const stop of stops) stop();
    expect(listeners.size).toBe(0);
    surroundings(() => {})();
    expect(listeners.size).toBe(0);
  });

  it('is quiet outside of pages, and where the client has tokens of its own', () => {
    const supabase = createClient('http://127.0.0.1:9', 'sb_publishable_key', { accessToken: async () => null });
    expect(() => supabase.auth.onAuthStateChange).toThrow('accessToken');
    const heard: string[] = [];
    createSurroundings(supabase)((what) => heard.push(what))();
    expect(heard).toEqual([]);
  });
});
