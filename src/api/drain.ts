import { once } from 'node:events';
import type { Server } from 'node:http';

const IDLE_CHECK_MS = 50;

/** Takes no more connections and lets the requests that are under way end; after `graceMs` milliseconds they are cut off. */
export async function drain(server: Server, { graceMs }: { readonly graceMs: number }): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // Connections whose last answer has just gone out are idle only now; waiting for their own end would take a minute.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
