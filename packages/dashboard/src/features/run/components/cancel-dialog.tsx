import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../../components/dialog.tsx';
import type { OperationDialogProps } from './operation-dialog.ts';

export const CancelDialog = ({ onConfirm, ...rest }: OperationDialogProps) => {
  const [reason, setReason] = useState('');
  const trimmed = reason.trim();
  return (
    <Dialog
      {...rest}
      title="Cancel this run?"
      confirm="Cancel the run"
      isDestructive
      onConfirm={() => onConfirm({ kind: 'cancel', reason: trimmed === '' ? undefined : trimmed })}
    >
      <p>Steps that are under way are told to stop. What was done stays done, unless the task says how to undo it.</p>
      <TextInput
        label="Reason"
        description="Kept with the run, for others to read."
        value={reason}
        maxLength={1_000}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
    </Dialog>
  );
};
