import { HighlightStyle } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Follows the page's own colors, light and dark. */
export const look = EditorView.theme({
  '&': {
    fontSize: '12.5px',
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line)',
    borderRadius: '8px',
    overflow: 'hidden',
    height: '100%',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--ink-soft)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { paddingLeft: '10px' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-wash)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--tone-warn-wash)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--tone-mute-wash)', border: 'none', color: 'var(--ink-soft)', padding: '0 6px' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line-strong)',
    borderRadius: '8px',
    overflow: 'hidden',
    maxWidth: '480px',
  },
  '.cm-diagnostic': { padding: '7px 12px', fontFamily: 'var(--sans)', fontSize: '12.5px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--tone-bad)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
});

export const colors = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--tone-live)' },
  { tag: tags.string, color: 'var(--tone-good)' },
  { tag: tags.number, color: 'var(--tone-warn)' },
  { tag: [tags.bool, tags.null], color: 'var(--tone-wait)' },
  { tag: tags.punctuation, color: 'var(--ink-soft)' },
]);
