import { useState } from 'react';

/** A version of a task, as text. */
export interface VersionText {
  /** null: the task was never saved. */
  readonly id: string | null;
  /** 0: the task was never saved. */
  readonly number: number;
  readonly text: string;
}

interface Draft {
  readonly text: string;
  /** What it was made from. */
  readonly base: VersionText;
  readonly isChanged: boolean;
  /** Somebody has saved a newer version while this one was being changed. */
  readonly isOvertaken: boolean;
  readonly write: (text: string) => void;
  /** Goes on from this version; what was written stays, unless a text is given. */
  readonly rebase: (base: VersionText, text?: string) => void;
}

/** What somebody writes. What others save is taken on by itself where nothing would be lost. */
export const useDraft = (newest: VersionText): Draft => {
  const [text, write] = useState(newest.text);
  const [base, setBase] = useState(newest);
  const isChanged = text !== base.text;
  const isBehind = newest.number > base.number;
  const rebase = (next: VersionText, replacement = text): void => {
    setBase(next);
    write(replacement);
  };
  if (isBehind && !isChanged) rebase(newest, newest.text);
  return { text, base, isChanged, isOvertaken: isBehind && isChanged, write, rebase };
};
