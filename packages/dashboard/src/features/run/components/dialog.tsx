import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../../../components/icon.tsx';
import type { Operation } from '../api/operate-run.ts';
import './dialog.css';

/** What every question before an operation is given. */
export interface DialogProps {
  readonly isPending: boolean;
  /** Why it was refused. */
  readonly failure: string | undefined;
  readonly onClose: () => void;
  readonly onConfirm: (operation: Operation) => void;
}

interface FrameProps {
  readonly title: string;
  readonly failure: string | undefined;
  readonly isPending: boolean;
  readonly confirm: string;
  /** @default false */
  readonly isDestructive?: boolean;
  /** @default true */
  readonly isReady?: boolean;
  /** @default 'md' */
  readonly size?: 'md' | 'lg';
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly children: ReactNode;
}

export const Dialog = (props: FrameProps) => {
  const {
    title,
    failure,
    isPending,
    confirm,
    isDestructive = false,
    isReady = true,
    size = 'md',
    onClose,
    onConfirm,
    children,
  } = props;
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="dialog">
        {children}
        {failure === undefined ? null : (
          <p role="alert" className="dialog-failure">
            <Icon name="alert" />
            {failure}
          </p>
        )}
        <div className="dialog-buttons">
          <Button variant="default" size="sm" onClick={onClose}>
            Back
          </Button>
          <Button
            size="sm"
            color={isDestructive ? 'red.8' : 'petrol'}
            loading={isPending}
            disabled={!isReady}
            onClick={onConfirm}
          >
            {confirm}
          </Button>
        </div>
      </div>
    </Modal>
  );
};
