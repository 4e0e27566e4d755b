import type { Route } from '../route.ts';
import { listDriftRoute } from './drift/list-drift.ts';
import { listChangesRoute } from './feeds/list-changes.ts';
import { listFeedsRoute } from './feeds/list-feeds.ts';
import { getHealthRoute } from './health/get-health.ts';
import { getMetricsRoute } from './health/get-metrics.ts';
import { getReadinessRoute } from './health/get-readiness.ts';
import { getPayloadRoute } from './payloads/get-payload.ts';
import { cancelRunRoute } from './runs/cancel-run.ts';
import { getRunRoute } from './runs/get-run.ts';
import { listEventsRoute } from './runs/list-events.ts';
import { listRunsRoute } from './runs/list-runs.ts';
import { listStepsRoute } from './runs/list-steps.ts';
import { startRunRoute } from './runs/start-run.ts';
import { getTaskRoute } from './tasks/get-task.ts';
import { listTasksRoute } from './tasks/list-tasks.ts';
import { listVersionsRoute } from './tasks/list-versions.ts';
import { saveTaskRoute } from './tasks/save-task.ts';
import { startTaskRunRoute } from './tasks/start-task-run.ts';
import { validateTaskRoute } from './tasks/validate-task.ts';

/** Every endpoint. What is not in this list does not exist. Fixed paths stand before those with parameters. */
export const routes: readonly Route[] = [
  listTasksRoute,
  saveTaskRoute,
  validateTaskRoute,
  getTaskRoute,
  listVersionsRoute,
  startTaskRunRoute,
  listRunsRoute,
  startRunRoute,
  getRunRoute,
  listStepsRoute,
  listEventsRoute,
  cancelRunRoute,
  listFeedsRoute,
  listChangesRoute,
  getPayloadRoute,
  listDriftRoute,
  getHealthRoute,
  getReadinessRoute,
  getMetricsRoute,
];
