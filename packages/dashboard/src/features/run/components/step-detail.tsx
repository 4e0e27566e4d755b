import { Button } from '@mantine/core';
import { Icon } from '../../../components/icon.tsx';
import { Moment } from '../../../components/moment.tsx';
import { readTold } from '../../../lib/run-facts.ts';
import type { ShownStep } from '../api/list-steps.ts';
import { ErrorBox } from './error-box.tsx';
import { Value } from './value.tsx';
import './step-detail.css';

interface StepDetailProps {
  readonly step: ShownStep;
  readonly onFork: (() => void) | undefined;
}

/** What went into a step, what came out, and how often it was tried. */
export const StepDetail = ({ step, onFork }: StepDetailProps) => (
  <div className="step-detail">
    <div className="step-facts soft small">
      <span>
        Step <code>{step.stepId}</code>
      </span>
      <span>{step.attempt === 1 ? '1 attempt' : `${step.attempt} attempts`}</span>
      <span>
        began <Moment at={step.startedAt} />
      </span>
      {step.nextAttemptAt === null ? null : (
        <span>
          next attempt <Moment at={step.nextAttemptAt} />
        </span>
      )}
      {step.wakesAt === null || step.finishedAt !== null ? null : (
        <span>
          wakes <Moment at={step.wakesAt} />
        </span>
      )}
      {onFork === undefined ? null : (
        <Button variant="default" size="compact-xs" leftSection={<Icon name="fork" size={13} />} onClick={onFork}>
          Fork from here
        </Button>
      )}
    </div>
    {readTold(step.error) === undefined ? null : <ErrorBox error={step.error} />}
    {step.isBrief === true ? (
      <p className="soft small">What it was given and what it made is shown to members of the workspace.</p>
    ) : (
      <div className="step-values">
        <Value title="Input" value={step.input} reference={null} />
        <Value title="Output" value={step.output} reference={step.outputRef} />
      </div>
    )}
  </div>
);
