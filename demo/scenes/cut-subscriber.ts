import type { ConnectionState } from '@durabase/client';
import { type Proxy, startProxy } from '../proxy.ts';
import type { EmptyStage, Stage } from '../stage.ts';
import { isLive, subscribe, type Subscriber } from '../subscriber.ts';
import { type DemoUser, signIn } from '../user.ts';

/** A second subscriber, whose network can be cut. */
export interface RemoteSubscriber {
  readonly subscriber: Subscriber;
  readonly proxy: Proxy;
}

/** How long a subscriber was away, and what that did. */
export interface Absence {
  readonly seconds: number;
  /** How many changes it lacked when its network came back. */
  readonly lackedCount: number;
  /** How its connection stood, from the cut to now. */
  readonly connections: () => readonly ConnectionState[];
}

/** The same user on a second device: another supabase-js client, behind a network of its own. */
export async function connectRemote({ stack, signal, onEnd }: EmptyStage, user: DemoUser): Promise<RemoteSubscriber> {
  const proxy = await startProxy(stack.urls.supabase);
  onEnd(proxy.close);
  const supabase = await signIn({ url: proxy.url, publishableKey: stack.keys.publishable }, user);
  const subscriber = await subscribe({ name: 'cut off', supabase, signal });
  onEnd(subscriber.stop);
  return { subscriber, proxy };
}

/** Cuts the second subscriber off. What is returned brings its network back; connecting again is its own matter. */
export async function cutOff({ screen, watch, remote: { subscriber, proxy } }: Stage): Promise<() => Promise<Absence>> {
  await subscriber.until(() => isLive(subscriber), 'the second subscriber is live');
  const lastBefore = subscriber.connections.length - 1;
  await proxy.cut();
  const cutAt = performance.now();
  screen.tell('the network of a second subscriber is cut');
  return async () => {
    const lackedCount = watch.subscriber.items.length - subscriber.items.length;
    await proxy.restore();
    screen.tell(`its network is back; it lacks ${lackedCount} changes`);
    return {
      seconds: (performance.now() - cutAt) / 1_000,
      lackedCount,
      connections: () => subscriber.connections.slice(lastBefore),
    };
  };
}
