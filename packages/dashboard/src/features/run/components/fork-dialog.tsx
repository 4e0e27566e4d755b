import { Select } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../../components/dialog.tsx';
import type { PlannedStep } from '../build-timeline.ts';
import { VersionChoice } from './version-choice.tsx';
import type { OperationDialogProps } from './operation-dialog.ts';

interface ForkDialogProps extends OperationDialogProps {
  readonly steps: readonly PlannedStep[];
  readonly from: string | undefined;
}

export const ForkDialog = ({ steps, from, onConfirm, ...rest }: ForkDialogProps) => {
  const [fromStep, setFromStep] = useState<string | null>(from ?? steps[0]?.id ?? null);
  const [version, setVersion] = useState<'same' | 'newest'>('same');
  return (
    <Dialog
      {...rest}
      title="Fork this run"
      confirm="Start the run"
      isReady={fromStep !== null}
      onConfirm={() => {
        if (fromStep !== null) onConfirm({ kind: 'fork', fromStep, version });
      }}
    >
      <p>A new run that keeps what was done before a step, and takes that step and those behind it again.</p>
      <Select
        label="From the step"
        data={steps.map(({ id, name }) => ({ value: id, label: name ?? id }))}
        value={fromStep}
        onChange={setFromStep}
        allowDeselect={false}
      />
      <VersionChoice value={version} onChange={setVersion} />
    </Dialog>
  );
};
