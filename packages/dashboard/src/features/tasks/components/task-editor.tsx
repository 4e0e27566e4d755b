import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { JsonEditor } from '../../../components/json-editor.tsx';
import { describeError } from '../../../lib/describe-error.ts';
import { parseJson } from '../../../lib/parse-json.ts';
import { orderDefinition } from '../order-definition.ts';
import { useSaveTask } from '../api/save-task.ts';
import { type TaskProblem, useVerdict } from '../api/validate-task.ts';
import './task-editor.css';

const TYPING_MS = 350;

interface TaskEditorProps {
  readonly definition: unknown;
  /** undefined: that of whoever saves. */
  readonly workspace: string | undefined;
  readonly mayEdit: boolean;
  readonly onSave: (saved: TaskWithVersion) => void;
}

/** A definition to write, with what the compiler says of it where it stands. */
export const TaskEditor = ({ definition, workspace, mayEdit, onSave }: TaskEditorProps) => {
  const kept = useMemo(() => JSON.stringify(orderDefinition(definition), null, 2), [definition]);
  const [text, setText] = useState(kept);
  const [asked] = useDebouncedValue(text, TYPING_MS);
  const save = useSaveTask();
  const verdict = useVerdict(asked, workspace);
  const parsed = parseJson(text);
  const isCurrent = asked === text && verdict.data !== undefined;
  const said = useProblems(asked);
  const found = verdict.data?.problems;
  const problems = useMemo(() => said ?? (found ?? NONE).map(toMark), [said, found]);
  return (
    <div className="task-editor">
      <JsonEditor label="Definition" text={text} problems={problems} onChange={setText} isReadOnly={!mayEdit} />
      <div className="task-verdict">
        <Status isJson={parsed.ok} isCurrent={isCurrent} problems={found ?? NONE} error={verdict.error} />
        {mayEdit ? (
          <Button
            size="sm"
            loading={save.isPending}
            disabled={!parsed.ok || !isCurrent || verdict.data?.isValid !== true || text === kept}
            onClick={() => {
              if (parsed.ok) save.mutate({ definition: parsed.value, workspace }, { onSuccess: onSave });
            }}
          >
            Save
          </Button>
        ) : null}
      </div>
      {save.error === null ? null : (
        <p role="alert" className="task-refused">
          {describeError(save.error).title}
        </p>
      )}
      {parsed.ok && found !== undefined && found.length > 0 ? <Problems problems={found} /> : null}
    </div>
  );
};

const NONE: readonly TaskProblem[] = [];

const toMark = ({ path, message, hint }: TaskProblem) => ({
  path,
  message: hint === undefined ? message : `${message}. ${hint}`,
});

/** Where the text stops being JSON; undefined: it is. */
const useProblems = (text: string) =>
  useMemo(() => {
    const parsed = parseJson(text);
    return parsed.ok ? undefined : [parsed.problem];
  }, [text]);

interface StatusProps {
  readonly isJson: boolean;
  readonly isCurrent: boolean;
  readonly problems: readonly TaskProblem[];
  readonly error: Error | null;
}

const Status = ({ isJson, isCurrent, problems, error }: StatusProps) => {
  const [tone, icon, text] = describeStatus({ isJson, isCurrent, problems, error });
  return (
    <span className={`verdict tone-${tone}`} role="status">
      <Icon name={icon} size={15} />
      {text}
    </span>
  );
};

const describeStatus = ({ isJson, isCurrent, problems, error }: StatusProps) => {
  if (!isJson) return ['bad', 'cross', 'This is not JSON yet'] as const;
  if (error !== null) return ['warn', 'alert', `It could not be checked: ${error.message}`] as const;
  if (!isCurrent) return ['mute', 'spin', 'Checking'] as const;
  if (problems.length === 0) return ['good', 'check', 'It compiles'] as const;
  return ['bad', 'cross', problems.length === 1 ? '1 problem' : `${problems.length} problems`] as const;
};

/** The same in a list, for who does not see marks in the text. */
const Problems = ({ problems }: { readonly problems: readonly TaskProblem[] }) => (
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
