import { createFigures, type FiguresReader } from './figures.ts';
import { createInputCheck, type InputCheck } from './check-input.ts';
import { createHttpMetrics, type HttpMetrics } from './metrics.ts';
import type { ApiPorts } from './ports.ts';
import { createSubmitter, type Submitter } from './submit-runs.ts';

/** What handlers may use: the ports of the API, and what the app makes of them once. */
export interface RoutePorts extends Pick<ApiPorts, 'db' | 'compile' | 'wake'> {
  readonly submitter: Submitter;
  readonly checkInput: InputCheck;
  readonly figures: FiguresReader;
  readonly metrics: HttpMetrics;
}

export function createRoutePorts({ db, log, compile, checkInput, wake }: ApiPorts): RoutePorts {
  const figures = createFigures({ db, log });
  return {
    db,
    compile,
    wake,
    submitter: createSubmitter({ db, wake }),
    checkInput: createInputCheck({ db, checkInput }),
    figures,
    metrics: createHttpMetrics(figures),
  };
}
