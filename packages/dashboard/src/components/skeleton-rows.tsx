import { Skeleton } from '@mantine/core';
import './skeleton-rows.css';

/** Where rows will be. */
export const SkeletonRows = ({ count = 8, label }: { readonly count?: number; readonly label: string }) => (
  <div className="panel" role="status" aria-label={label}>
    {Array.from({ length: count }, (_, index) => (
      <div key={index} className="skeleton-row">
        <Skeleton height={20} width={96} radius={6} />
        <Skeleton height={12} width={`${50 - ((index * 7) % 20)}%`} />
      </div>
    ))}
  </div>
);
