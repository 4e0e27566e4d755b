import type { Response } from 'express';
import type { Db, Identity } from '../../ports/db.ts';
import type { Log } from '../../ports/log.ts';
import type { ListenForChanges } from '../ports.ts';
import { factsOf } from '../request-facts.ts';
import type { RunAsCaller } from '../run-as-caller.ts';
import { createBell } from './create-bell.ts';
import { createHub } from './create-hub.ts';
import { createOutlet, type Outlet } from './create-outlet.ts';
import { createSlots } from './create-slots.ts';
import { createTurns } from './create-turns.ts';
import { readCaller } from './read-caller.ts';
import { runStream } from './run-stream.ts';
import type { StreamSettings } from './stream-settings.ts';
import type { StreamSource } from './stream-source.ts';

export interface StreamsOptions {
  readonly db: Db;
  readonly runAsCaller: RunAsCaller;
  readonly listenForChanges: ListenForChanges;
  readonly settings: StreamSettings;
  readonly log: Log;
}

/** All streams of this process. */
export interface Streams {
  /** Answers with a stream, to its end. Throws what the caller is refused with before it begins. */
  serve(response: Response, stream: { readonly source: StreamSource; readonly identity: Identity }): Promise<void>;
  /** Ends them all, so that clients come back elsewhere; one that begins later is ended at once. */
  endAll(): void;
  openCount(): number;
}

/** Of the pool's connections, so that a change which thousands hear of leaves some to everybody else. */
const READS_AT_A_TIME = 4;

export function createStreams({ db, runAsCaller, listenForChanges, settings, log }: StreamsOptions): Streams {
  const { pollMs, stallMs } = settings;
  const hub = createHub({ db, log, listenForChanges, pollMs });
  const slots = createSlots(settings);
  const inTurn = createTurns(READS_AT_A_TIME);
  const outlets = new Set<Outlet>();
  let isEnding = false;

  return {
    openCount: slots.openCount,
    endAll: () => {
      isEnding = true;
      for (const outlet of outlets) outlet.end('draining');
    },
    serve: async (response, { source, identity }) => {
      if (response.destroyed) return; // nothing would release what is taken now
      const { key, expiresAtMs } = readCaller(identity);
      const bell = createBell();
      response.once('close', slots.take(key));
      response.once('close', hub.follow(source.key, bell.ring)); // before the first read, so that nothing falls between
      const read = (after: number) => runAsCaller(identity, (tx) => source.read(tx, after));
      const first = await read(source.after);
      if (response.destroyed) return;

      const outlet = createOutlet(response, { stallMs, onEnd: bell.ring });
      outlet.open();
      if (isEnding) return outlet.end('draining');
      outlets.add(outlet);
      const readInTurn = (after: number) => inTurn(() => read(after));
      await runStream({ first, read: readInTurn, outlet, bell, expiresAtMs, facts: factsOf(response), settings, log });
      outlets.delete(outlet);
    },
  };
}
