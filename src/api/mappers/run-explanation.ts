import type { Json } from '@durabase/contracts';
import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import { toResult } from './values.ts';

/** What durabase.explain_run gives; events and errors in it may hold results of steps. */
export const toExplanation = (stored: RunExplanation): RunExplanation => toResult(stored as Json) as unknown as RunExplanation;
