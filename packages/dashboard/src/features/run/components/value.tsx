import type { Json } from '@durabase/client';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { CopyButton } from '../../../components/copy-button.tsx';
import { JsonView } from '../../../components/json-view.tsx';
import { readReference, usePayload } from '../api/get-payload.ts';

interface ValueProps {
  readonly title: string;
  readonly value: unknown;
  /** Where a large value stands. */
  readonly reference: unknown;
}

/** A JSON value to read and to copy. */
export const Value = ({ title, value, reference }: ValueProps) => {
  const stored = readReference(reference);
  if (stored !== undefined) return <StoredValue title={title} payloadId={stored.payload} bytes={stored.bytes} />;
  const text = JSON.stringify(value, null, 2);
  return (
    <section className="value" aria-label={title}>
      <div className="value-head">
        {title}
        {value === null ? null : <CopyButton text={text} label={`Copy the ${title.toLowerCase()}`} />}
      </div>
      {value === null || value === undefined ? <div className="value-none">None</div> : <JsonView text={text} label={title} />}
    </section>
  );
};

interface StoredValueProps {
  readonly title: string;
  readonly payloadId: string;
  readonly bytes: number;
}

const StoredValue = ({ title, payloadId, bytes }: StoredValueProps) => {
  const [isWanted, setIsWanted] = useState(false);
  const { data, error, isFetching } = usePayload(payloadId, isWanted);
  if (data !== undefined) return <Value title={title} value={data as Json} reference={null} />;
  return (
    <section className="value" aria-label={title}>
      <div className="value-head">{title}</div>
      <div className="value-none">
        <Button variant="default" size="compact-xs" loading={isFetching} onClick={() => setIsWanted(true)}>
          Load {Math.ceil(bytes / 1_000)} KB
        </Button>
        {error === null ? null : <p role="alert">{error.message}</p>}
      </div>
    </section>
  );
};
