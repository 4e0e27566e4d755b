import type { ReactNode } from 'react';
import './page-head.css';

interface PageHeadProps {
  readonly title: ReactNode;
  /** Before the title, such as the way back. */
  readonly above?: ReactNode;
  readonly below?: ReactNode;
  readonly children?: ReactNode;
}

/** Title of a page; beside it what can be done. */
export const PageHead = ({ title, above, below, children }: PageHeadProps) => (
  <div className="page-head">
    <div className="page-head-title">
      {above === undefined ? null : <div className="page-above">{above}</div>}
      <h1>{title}</h1>
      {below === undefined ? null : <div className="soft small">{below}</div>}
    </div>
    <div className="page-actions">{children}</div>
  </div>
);
