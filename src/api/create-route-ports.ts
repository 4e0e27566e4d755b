import type { UploadsPort } from '../ports/uploads.ts';
import { type CodecDesk, createCodecDesk } from './codec-desk.ts';
import { createFigures, type FiguresReader } from './figures.ts';
import { createInputCheck, type InputCheck } from './check-input.ts';
import { createHttpMetrics, type HttpMetrics } from './metrics.ts';
import type { ApiPorts } from './ports.ts';
import type { Reference } from './reference/reference.ts';
import { createRunAsCaller, type RunAsCaller } from './run-as-caller.ts';
import { createStreams, type Streams } from './streams/create-streams.ts';
import { STREAM_SETTINGS, type StreamSettings } from './streams/stream-settings.ts';
import { createSubmitter, type Submitter } from './submit-runs.ts';

/** What handlers may use: the ports of the API, and what the app makes of them once. */
export interface RoutePorts extends Pick<ApiPorts, 'compile' | 'wake'> {
  readonly runAsCaller: RunAsCaller;
  readonly submitter: Submitter;
  readonly checkInput: InputCheck;
  readonly figures: FiguresReader;
  readonly metrics: HttpMetrics;
  readonly codecDesk: CodecDesk;
  readonly streams: Streams;
  readonly reference: Reference;
  readonly linkToTemporal: LinkToTemporal;
  /** undefined: none are taken. */
  readonly uploads: UploadsPort | undefined;
}

/** Where people find a workflow in Temporal's Web UI; null: nobody said where that is. */
export type LinkToTemporal = (workflowId: string) => string | null;

export interface RoutePortsOptions {
  readonly linkToTemporal: LinkToTemporal;
  readonly streams: Partial<StreamSettings>;
  readonly reference: Reference;
}

export function createRoutePorts(
  ports: ApiPorts,
  { streams: streamSettings, reference, linkToTemporal }: RoutePortsOptions,
): RoutePorts {
  const { db, sqlErrors, log, compile, checkInput, listenForChanges, wake, codec, uploads } = ports;
  const settings = { ...STREAM_SETTINGS, ...streamSettings };
  const runAsCaller = createRunAsCaller({ db, sqlErrors });
  const figures = createFigures({ db, log });
  const streams = createStreams({ db, runAsCaller, listenForChanges, settings, log });
  return {
    runAsCaller,
    compile,
    wake,
    submitter: createSubmitter({ db, sqlErrors }),
    checkInput: createInputCheck({ runAsCaller, checkInput }),
    codecDesk: createCodecDesk({ codec, runAsCaller, log }),
    figures,
    metrics: createHttpMetrics({ figures, streams }),
    streams,
    reference,
    linkToTemporal,
    uploads,
  };
}
