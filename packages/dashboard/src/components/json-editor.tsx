import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { CodeProblem } from './code-editor.tsx';

const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }));

interface JsonEditorProps {
  readonly label: string;
  readonly text: string;
  readonly problems: readonly CodeProblem[];
  readonly onChange: (text: string) => void;
  /** @default false */
  readonly isReadOnly?: boolean;
}

/** JSON to write, with what is wrong marked where it stands. */
export const JsonEditor = (props: JsonEditorProps) => (
  <Suspense fallback={<Skeleton height={260} radius="md" />}>
    {/* What can be written is another editor than what can only be read. */}
    <CodeEditor key={props.isReadOnly === true ? 'read' : 'write'} {...props} />
  </Suspense>
);
