import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { describeError } from '../lib/describe-error.ts';
import { Icon, type IconName } from './icon.tsx';
import './notice.css';

interface NoticeProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** There is nothing else on the page. @default false */
  readonly isPage?: boolean;
}

/** In place of content: that there is none, and what to do. */
export const Notice = ({ icon, title, children, action, isPage = false }: NoticeProps) => (
  <div className="notice">
    <span className="notice-icon">
      <Icon name={icon} size={20} />
    </span>
    {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
    {children === undefined ? null : <div className="soft notice-text">{children}</div>}
    {action}
  </div>
);

interface ErrorNoticeProps {
  readonly error: unknown;
  readonly onRetry: () => void;
  /** There is nothing else on the page. @default false */
  readonly isPage?: boolean;
}

/** In place of content that could not be had: what happened, and another try where that can help. */
export const ErrorNotice = ({ error, onRetry, isPage = false }: ErrorNoticeProps) => {
  const { title, hint, isNoAccess } = describeError(error);
  if (isNoAccess) {
    return (
      <Notice icon="lock" title="No access" isPage={isPage}>
        {title}. It does not exist, or it is not shared with you.
      </Notice>
    );
  }
  return (
    <Notice
      icon="alert"
      title="This could not be loaded"
      isPage={isPage}
      action={
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      <p role="alert">
        {title}
        {hint === undefined ? '' : `: ${hint}`}
      </p>
    </Notice>
  );
};
