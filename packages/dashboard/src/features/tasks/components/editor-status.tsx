import { Icon } from '../../../components/icon.tsx';
import type { TaskProblem } from '../api/validate-task.ts';

export interface EditorStatusProps {
  /** Why the text cannot be a definition; undefined: it can. */
  readonly refusal: string | undefined;
  /** Whether the compiler has seen the text as it stands. */
  readonly isCurrent: boolean;
  readonly problems: readonly TaskProblem[];
  /** Why the compiler could not be asked. */
  readonly error: Error | null;
  /** Number of the version that was just saved, as long as nothing was changed since. */
  readonly savedNumber: number | undefined;
}

/** What is to be said of the text, in one line. */
export const EditorStatus = (props: EditorStatusProps) => {
  const [tone, icon, text] = describeStatus(props);
  return (
    <span className={`verdict tone-${tone}`} role="status">
      <Icon name={icon} size={15} />
      {text}
    </span>
  );
};

const describeStatus = ({ refusal, isCurrent, problems, error, savedNumber }: EditorStatusProps) => {
  if (refusal !== undefined) return ['bad', 'cross', refusal] as const;
  if (error !== null) return ['warn', 'alert', `It could not be checked: ${error.message}`] as const;
  if (!isCurrent) return ['mute', 'spin', 'Checking'] as const;
  if (problems.length > 0) return ['bad', 'cross', problems.length === 1 ? '1 problem' : `${problems.length} problems`] as const;
  return ['good', 'check', savedNumber === undefined ? 'It compiles' : `Saved as v${savedNumber}`] as const;
};
