import { formatAbsolute, formatDuration, formatRelative } from '../lib/format-time.ts';
import { useNow } from '../lib/use-now.ts';

/** How long ago; the exact time in the title. */
export const Moment = ({ at }: { readonly at: string }) => (
  <time dateTime={at} title={formatAbsolute(at)} className="nums">
    {formatRelative(at, useNow())}
  </time>
);

/** How long it took, or takes until now; a dash where it has not begun. */
export const Duration = ({ from, to }: { readonly from: string | null; readonly to: string | null }) => {
  const now = useNow();
  if (from === null) return <span className="soft">–</span>;
  const endMs = to === null ? now : Date.parse(to);
  return <span className="nums">{formatDuration(Math.max(0, endMs - Date.parse(from)))}</span>;
};
