import type { Story } from '../api/get-story.ts';
import { formatAbsolute, formatClock } from '../../../lib/format-time.ts';
import './run-story.css';

/** What happened, what it waits for and what comes next, in sentences. */
export const RunStory = ({ story: { happened, isWhole, waitsFor, next } }: { readonly story: Story }) => (
  <div className="panel">
    <ol className="story">
      {happened.map(({ seq, at, text }) => (
        <li key={seq}>
          <time className="soft mono" dateTime={at} title={formatAbsolute(at)}>
            {formatClock(at).slice(0, 8)}
          </time>
          <span>{text}</span>
        </li>
      ))}
    </ol>
    {isWhole ? null : <p className="story-end soft">There is more; the feed has all of it.</p>}
    {waitsFor === null ? null : <p className="story-end">{waitsFor}</p>}
    {next === null ? null : <p className="story-end soft">{next}</p>}
  </div>
);
