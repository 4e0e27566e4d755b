import { createFigures, type FiguresReader } from './figures.ts';
import { createInputCheck, type InputCheck } from './check-input.ts';
import { createHttpMetrics, type HttpMetrics } from './metrics.ts';
import type { ApiPorts } from './ports.ts';
import { createRunAsCaller, type RunAsCaller } from './run-as-caller.ts';
import { createSubmitter, type Submitter } from './submit-runs.ts';

/** What handlers may use: the ports of the API, and what the app makes of them once. */
export interface RoutePorts extends Pick<ApiPorts, 'compile' | 'wake'> {
  readonly runAsCaller: RunAsCaller;
  readonly submitter: Submitter;
  readonly checkInput: InputCheck;
  readonly figures: FiguresReader;
  readonly metrics: HttpMetrics;
}

export function createRoutePorts({ db, sqlErrors, log, compile, checkInput, wake }: ApiPorts): RoutePorts {
  const runAsCaller = createRunAsCaller({ db, sqlErrors });
  const figures = createFigures({ db, log });
  return {
    runAsCaller,
    compile,
    wake,
    submitter: createSubmitter({ db, sqlErrors, wake }),
    checkInput: createInputCheck({ runAsCaller, checkInput }),
    figures,
    metrics: createHttpMetrics(figures),
  };
}
