import type { Run } from '@durabase/client';
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { useBackend } from '../../../lib/backend.ts';
import { describeError } from '../../../lib/describe-error.ts';
import type { Rights } from '../../../lib/rights.ts';
import { allowedOperations } from '../allowed-operations.ts';
import { type Operation, useOperateRun } from '../api/operate-run.ts';
import type { PlannedStep } from '../build-timeline.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { ForkDialog } from './fork-dialog.tsx';
import { RerunDialog } from './rerun-dialog.tsx';

type Dialog = 'cancel' | 'rerun' | 'fork';

interface RunActionsProps {
  readonly run: Run;
  readonly rights: Rights;
  readonly steps: readonly PlannedStep[];
  /** Somebody asked for a fork from this step. */
  readonly forkFrom: string | undefined;
  /** What a fork begins with, unless somebody chooses another step. */
  readonly failedStep: string | undefined;
  readonly onForkClose: () => void;
}

/** What can be asked of this run now, by this person. */
export const RunActions = ({ run, rights, steps, forkFrom, failedStep, onForkClose }: RunActionsProps) => {
  const { mutate, isPending, error, reset } = useOperateRun(run.id);
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>();
  const allowed = allowedOperations(run, rights);
  const close = (): void => {
    setDialog(undefined);
    onForkClose();
    reset();
  };
  const ask = (operation: Operation): void =>
    mutate(operation, {
      onSuccess: (made) => {
        close();
        if (made.id !== run.id) void navigate({ to: '/runs/$run', params: { run: made.id } });
      },
    });
  const shown: Dialog | undefined = forkFrom === undefined ? dialog : 'fork';
  const failure = error === null ? undefined : describeError(error).title;
  const dialogProps = { isPending, failure, onClose: close, onConfirm: ask };
  return (
    <>
      {shown === undefined && failure !== undefined ? (
        <span role="alert" className="small action-failure">
          {failure}
        </span>
      ) : null}
      <TemporalLink run={run} />
      {allowed.map((kind) => (
        <ActionButton key={kind} kind={kind} isPending={isPending} onAsk={ask} onOpen={setDialog} />
      ))}
      {shown === 'cancel' ? <CancelDialog {...dialogProps} /> : null}
      {shown === 'rerun' ? <RerunDialog {...dialogProps} input={run.input} /> : null}
      {shown === 'fork' ? <ForkDialog {...dialogProps} steps={steps} from={forkFrom ?? failedStep} /> : null}
    </>
  );
};

interface ActionButtonProps {
  readonly kind: Operation['kind'];
  readonly isPending: boolean;
  readonly onAsk: (operation: Operation) => void;
  readonly onOpen: (dialog: Dialog) => void;
}

const ActionButton = ({ kind, isPending, onAsk, onOpen }: ActionButtonProps) => {
  switch (kind) {
    case 'pause':
      return (
        <Button
          variant="default"
          leftSection={<Icon name="pause" size={14} />}
          loading={isPending}
          onClick={() => onAsk({ kind })}
        >
          Pause
        </Button>
      );
    case 'resume':
      return (
        <Button leftSection={<Icon name="play" size={14} />} loading={isPending} onClick={() => onAsk({ kind })}>
          Resume
        </Button>
      );
    case 'cancel':
      return (
        <Button variant="default" color="red" leftSection={<Icon name="stop" size={14} />} onClick={() => onOpen(kind)}>
          Cancel
        </Button>
      );
    case 'retry':
      return (
        <Button leftSection={<Icon name="repeat" size={14} />} loading={isPending} onClick={() => onAsk({ kind })}>
          Retry
        </Button>
      );
    case 'rerun':
      return (
        <Button variant="default" leftSection={<Icon name="play" size={14} />} onClick={() => onOpen(kind)}>
          Run again
        </Button>
      );
    case 'fork':
      return (
        <Button variant="default" leftSection={<Icon name="fork" size={14} />} onClick={() => onOpen(kind)}>
          Fork
        </Button>
      );
  }
};

const TemporalLink = ({ run }: { readonly run: Run }) => {
  const { temporal } = useBackend().config;
  if (temporal === null || run.temporalRunId === null) return null;
  const address = `${temporal.webUrl}/namespaces/${temporal.namespace}/workflows/${run.workflowId}/${run.temporalRunId}/history`;
  return (
    <Button
      component="a"
      href={address}
      target="_blank"
      rel="noreferrer"
      variant="subtle"
      color="gray"
      rightSection={<Icon name="external" size={13} />}
    >
      Temporal
    </Button>
  );
};
