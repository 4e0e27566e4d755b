import type { TaskVersion } from '@durabase/contracts/api/task';
import { Button, Collapse } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { JsonView } from '../../../components/json-view.tsx';
import { Moment } from '../../../components/moment.tsx';
import { ErrorNotice } from '../../../components/notice.tsx';
import { SkeletonRows } from '../../../components/skeleton-rows.tsx';
import { useVersions } from '../api/list-versions.ts';
import { orderDefinition } from '../order-definition.ts';
import { VersionBadge } from './version-badge.tsx';
import './versions-list.css';

interface VersionsListProps {
  readonly taskId: string;
  /** Which one a start executes. */
  readonly readyId: string | undefined;
}

/** Every state in which a task was saved. */
export const VersionsList = ({ taskId, readyId }: VersionsListProps) => {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useVersions(taskId);
  if (error !== null && data === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonRows label="Loading the versions" count={3} />;
  return (
    <>
      <ul className="panel versions" aria-label="Versions">
        {data.pages
          .flatMap((page) => page.items)
          .map((version) => (
            <VersionLine key={version.id} version={version} isExecuted={version.id === readyId} />
          ))}
      </ul>
      {hasNextPage ? (
        <Button variant="default" mt="sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Older versions
        </Button>
      ) : null}
    </>
  );
};

const VersionLine = ({ version, isExecuted }: { readonly version: TaskVersion; readonly isExecuted: boolean }) => {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <button type="button" className="version-line" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Icon name={isOpen ? 'down' : 'right'} size={13} />
        <strong className="nums">v{version.number}</strong>
        <VersionBadge state={version.state} />
        <span className="soft small">{isExecuted ? 'executed by a start' : ''}</span>
        <span className="soft small version-when">
          <Moment at={version.createdAt} />
        </span>
      </button>
      <Collapse expanded={isOpen}>
        <div className="version-text">
          {isOpen ? (
            <JsonView text={JSON.stringify(orderDefinition(version.definition), null, 2)} label={`Version ${version.number}`} />
          ) : null}
        </div>
      </Collapse>
    </li>
  );
};
