import { Button, Modal } from '@mantine/core';
import type { ReactNode, SubmitEvent } from 'react';
import { Failure } from './failure.tsx';
import './dialog.css';

interface DialogProps {
  readonly title: string;
  /** Why it was refused. @default undefined */
  readonly failure?: string | undefined;
  /** @default false */
  readonly isPending?: boolean;
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

/** A question before something is done. */
export const Dialog = (props: DialogProps) => {
  const {
    title,
    failure,
    isPending = false,
    confirm,
    isDestructive = false,
    isReady = true,
    size = 'md',
    onClose,
    onConfirm,
    children,
  } = props;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (isReady && !isPending) onConfirm();
  };
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className="dialog" onSubmit={submit} noValidate>
        {children}
        <Failure text={failure} />
        <div className="dialog-buttons">
          <Button variant="default" size="sm" onClick={onClose}>
            Back
          </Button>
          <Button size="sm" color={isDestructive ? 'red.8' : 'petrol'} loading={isPending} disabled={!isReady} type="submit">
            {confirm}
          </Button>
        </div>
      </form>
    </Modal>
  );
};
