import type { Stack } from '@durabase/local-stack';
import type { ApiClient } from './api-client.ts';
import type { Cast } from './cast.ts';
import type { Programs } from './programs.ts';
import type { RemoteSubscriber } from './scenes/cut-subscriber.ts';
import type { Screen } from './screen.ts';
import type { Target } from './target.ts';
import type { TemporalCli } from './temporal-cli.ts';
import type { DemoUser } from './user.ts';
import type { RunWatch } from './watch-runs.ts';

/** What is there before anybody signs up. */
export interface EmptyStage {
  readonly projectDir: string;
  readonly screen: Screen;
  readonly stack: Stack;
  readonly target: Target;
  readonly temporal: TemporalCli;
  /** Aborted when the demo shall end early. */
  readonly signal: AbortSignal;
  /** Undone in opposite order when the demo ends. */
  onEnd(undo: () => Promise<void>): void;
}

/** What the scenes play on. */
export interface Stage extends EmptyStage {
  readonly user: DemoUser;
  readonly programs: Programs;
  readonly api: ApiClient;
  readonly watch: RunWatch;
  readonly remote: RemoteSubscriber;
  readonly cast: Cast;
}
