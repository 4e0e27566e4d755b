import type { TaskVersion, TaskWithVersion } from '@durabase/contracts/api/task';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { describeError } from '../../lib/describe-error.ts';
import { isOvertaken, useSaveTask } from './api/save-task.ts';
import { type TaskProblem, useVerdict } from './api/validate-task.ts';
import { orderDefinition } from './order-definition.ts';
import { readDefinition } from './read-definition.ts';
import { useDraft, type VersionText } from './use-draft.ts';

const TYPING_MS = 350;
const NONE: readonly TaskProblem[] = [];

/** What an editor is opened with. */
export interface EditorOptions {
  /** What is shown first; undefined: the task was never saved. */
  readonly version: TaskVersion | undefined;
  /** Shown of a task that was never saved. */
  readonly example: unknown;
  /** undefined: that of whoever saves. */
  readonly workspace: string | undefined;
  /** @default nothing */
  readonly onSave?: (saved: TaskWithVersion) => void;
}

/** A definition while it is written: its text, what the compiler says of it, and how it is saved. */
export const useTaskEditor = ({ version, example, workspace, onSave }: EditorOptions) => {
  const newest = useMemo((): VersionText => describeVersion(version, example), [version, example]);
  const { write, rebase, ...draft } = useDraft(newest);
  const [savedNumber, setSavedNumber] = useState<number>();
  const [asked] = useDebouncedValue(draft.text, TYPING_MS);
  const { data: verdict, error } = useVerdict(asked, workspace);
  const { mutate, reset, ...saving } = useSaveTask();
  const definition = useMemo(() => readDefinition(draft.text), [draft.text]);
  const isCurrent = asked === draft.text && verdict !== undefined;
  const isWorthSaving = draft.isChanged || draft.base.id === null;
  const save = (): void => {
    if (!definition.ok) return;
    const { text, base } = draft;
    mutate(
      { definition: definition.value, workspace, basedOn: base.id },
      {
        onSuccess: (saved) => {
          rebase({ id: saved.version?.id ?? null, number: saved.version?.number ?? 0, text }, text);
          setSavedNumber(saved.version?.number);
          onSave?.(saved);
        },
      },
    );
  };
  return {
    text: draft.text,
    isChanged: draft.isChanged,
    /** Number of the version that somebody else saved in between. */
    overtakenBy: draft.isOvertaken ? newest.number : undefined,
    refusal: definition.ok ? undefined : definition.problem.message,
    marks: useMarks(asked, verdict?.problems ?? NONE),
    problems: definition.ok ? (verdict?.problems ?? NONE) : NONE,
    isCurrent,
    error,
    savedNumber: draft.isChanged ? undefined : savedNumber,
    failure: saving.error === null ? undefined : describeFailure(saving.error, draft.base),
    isSaving: saving.isPending,
    maySave: definition.ok && isCurrent && verdict.isValid && !draft.isOvertaken && isWorthSaving,
    save,
    write: (text: string): void => {
      write(text);
      reset();
      setSavedNumber(undefined);
    },
    takeTheirs: () => rebase(newest, newest.text),
    keepMine: () => {
      rebase(newest);
      reset();
    },
  };
};

const describeVersion = (version: TaskVersion | undefined, example: unknown): VersionText => ({
  id: version?.id ?? null,
  number: version?.number ?? 0,
  text: JSON.stringify(orderDefinition(version === undefined ? example : version.definition), null, 2),
});

const describeFailure = (error: Error, base: VersionText): string =>
  base.id === null && isOvertaken(error)
    ? 'There is a task with this slug already. Choose another slug, or change that task.'
    : describeError(error).title;

/** Where the text cannot be a definition; else where the compiler found something. */
const useMarks = (text: string, problems: readonly TaskProblem[]) =>
  useMemo(() => {
    const read = readDefinition(text);
    return read.ok ? problems.map(toMark) : [read.problem];
  }, [text, problems]);

const toMark = ({ path, message, hint }: TaskProblem) => ({
  path,
  message: hint === undefined ? message : `${message}. ${hint}`,
});
