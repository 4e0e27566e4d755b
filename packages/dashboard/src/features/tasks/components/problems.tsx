import type { TaskProblem } from '../api/validate-task.ts';

/** What the compiler refuses, in a list, for who does not see marks in the text. */
export const Problems = ({ problems }: { readonly problems: readonly TaskProblem[] }) => (
  <ul className="panel problems" aria-label="Problems">
    {problems.map(({ path, message, hint }) => (
      <li key={`${path}/${message}`}>
        <code>{path === '' ? 'the task' : path}</code>
        <span>
          {message}
          {hint === undefined ? null : <span className="soft"> {hint}</span>}
        </span>
      </li>
    ))}
  </ul>
);
