import type { StoryLine } from '../api/get-story.ts';
import { formatAbsolute, formatClock } from '../../../lib/format-time.ts';
import './run-story.css';

/** What happened, in sentences. */
export const RunStory = ({ lines }: { readonly lines: readonly StoryLine[] }) => (
  <ol className="panel story">
    {lines.map(({ at, text }, index) => (
      <li key={`${at}/${index}`}>
        {at === '' ? null : (
          <time className="soft mono" dateTime={at} title={formatAbsolute(at)}>
            {formatClock(at).slice(0, 8)}
          </time>
        )}
        <span>{text}</span>
      </li>
    ))}
  </ol>
);
