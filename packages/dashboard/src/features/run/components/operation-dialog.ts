import type { Operation } from '../api/operate-run.ts';

/** What every question before an operation is given. */
export interface OperationDialogProps {
  readonly isPending: boolean;
  /** Why it was refused. */
  readonly failure: string | undefined;
  readonly onClose: () => void;
  readonly onConfirm: (operation: Operation) => void;
}
