import { lazy, Suspense } from 'react';
import './json-view.css';

const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }));

/** JSON to read: colored, foldable, searchable. Readable as plain text until the editor is loaded. */
export const JsonView = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <Suspense fallback={<pre className="json-plain">{text}</pre>}>
    <CodeEditor text={text} label={label} isReadOnly />
  </Suspense>
);
