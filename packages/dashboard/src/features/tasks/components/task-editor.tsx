import { Button } from '@mantine/core';
import { JsonEditor } from '../../../components/json-editor.tsx';
import { type EditorOptions, useTaskEditor } from '../use-task-editor.ts';
import { EditorStatus } from './editor-status.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { Overtaken } from './overtaken.tsx';
import { Problems } from './problems.tsx';
import './task-editor.css';

interface TaskEditorProps extends EditorOptions {
  readonly mayEdit: boolean;
}

/** A definition to write, with what the compiler says of it where it stands. */
export const TaskEditor = ({ mayEdit, ...options }: TaskEditorProps) => {
  const editor = useTaskEditor(options);
  const { text, marks, problems, overtakenBy, failure } = editor;
  return (
    <div className="task-editor">
      <LeaveGuard isChanged={editor.isChanged} />
      <JsonEditor label="Definition" text={text} problems={marks} onChange={editor.write} isReadOnly={!mayEdit} />
      <div className="task-verdict">
        <EditorStatus {...editor} />
        {mayEdit ? (
          <Button size="sm" loading={editor.isSaving} disabled={!editor.maySave} onClick={editor.save}>
            Save
          </Button>
        ) : null}
      </div>
      {overtakenBy === undefined ? null : <Overtaken number={overtakenBy} onTake={editor.takeTheirs} onKeep={editor.keepMine} />}
      {failure === undefined || overtakenBy !== undefined ? null : (
        <p role="alert" className="task-refused">
          {failure}
        </p>
      )}
      {problems.length > 0 ? <Problems problems={problems} /> : null}
    </div>
  );
};
