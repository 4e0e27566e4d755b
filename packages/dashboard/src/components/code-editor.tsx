import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { styleNonce } from '../lib/style-nonce.ts';
import { colors, look } from './code-editor-theme.ts';
import { locatePath, locateSyntaxError } from './locate-path.ts';

/** What is wrong: with the value at a path such as `steps[1].with.url`, or, without one, where the text stops being JSON. */
export interface CodeProblem {
  readonly message: string;
  readonly path: string | undefined;
}

interface CodeEditorProps {
  readonly text: string;
  readonly label: string;
  /** @default false */
  readonly isReadOnly?: boolean;
  /** @default none */
  readonly problems?: readonly CodeProblem[];
  readonly onChange?: (text: string) => void;
}

const toDiagnostic = ({ message, path }: CodeProblem, text: string): Diagnostic => {
  const { from, to } = path === undefined ? locateSyntaxError(text) : locatePath(text, path);
  return { from, to, message, severity: 'error' };
};

const describeEditor = (label: string, isReadOnly: boolean, tell: (text: string) => void): Extension => {
  const nonce = styleNonce();
  return [
    nonce === undefined ? [] : EditorView.cspNonce.of(nonce),
    look,
    syntaxHighlighting(colors),
    json(),
    lineNumbers(),
    foldGutter(),
    drawSelection(),
    bracketMatching(),
    highlightSelectionMatches(),
    search({ top: true }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', ...(isReadOnly ? { 'aria-readonly': 'true' } : {}) }),
    EditorState.readOnly.of(isReadOnly),
    EditorState.tabSize.of(2),
    isReadOnly ? [] : [history(), indentOnInput(), highlightActiveLine(), lintGutter()],
    keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap, ...searchKeymap, ...lintKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) tell(update.state.doc.toString());
    }),
  ];
};

/** CodeMirror for JSON. Loaded only where it is needed. */
export const CodeEditor = ({ text, label, isReadOnly = false, problems, onChange }: CodeEditorProps) => {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const tell = useRef(onChange);
  const first = useRef(text);
  useEffect(() => {
    tell.current = onChange;
  });
  useEffect(() => {
    if (place.current === null) return undefined;
    const extensions = describeEditor(label, isReadOnly, (typed) => tell.current?.(typed));
    const editor = new EditorView({ parent: place.current, state: EditorState.create({ doc: first.current, extensions }) });
    view.current = editor;
    return () => editor.destroy();
  }, [label, isReadOnly]);
  useEffect(() => {
    first.current = text;
    const editor = view.current;
    if (editor === undefined || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);
  useEffect(() => {
    const editor = view.current;
    if (editor === undefined || problems === undefined) return;
    const shown = editor.state.doc.toString();
    const marks = problems.map((problem) => toDiagnostic(problem, shown)).filter(({ to }) => to <= shown.length);
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [problems]);
  return <div ref={place} className={isReadOnly ? 'code code-read' : 'code'} />;
};
